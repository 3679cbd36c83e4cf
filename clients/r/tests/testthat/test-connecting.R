# What can be seen without a service.

without_variables <- function(code, ...) {
  pattern <- "^(SIMIO_|CURL_CA_BUNDLE$|SSL_CERT_FILE$)"
  kept <- as.list(Sys.getenv()[grep(pattern, names(Sys.getenv()))])
  Sys.unsetenv(names(kept))
  given <- list(...)
  if (length(given)) do.call(Sys.setenv, given)
  on.exit({
    Sys.unsetenv(names(given))
    if (length(kept)) do.call(Sys.setenv, kept)
  })
  force(code)
}

test_that("the service's own issuer and address are the defaults", {
  service <- without_variables(sim_connect("https://service.example/"))
  expect_equal(service$base_url, "https://service.example")
  expect_equal(service$token_url, "https://service.example/oauth/token")
  expect_equal(service$audience, "https://service.example")
})

test_that("variables say where the service is", {
  service <- without_variables(
    sim_connect(),
    SIMIO_API_BASE = "https://service.example", SIMIO_AUTH0_DOMAIN = "issuer.example"
  )
  expect_equal(service$token_url, "https://issuer.example/oauth/token")
})

test_that("an address that secrets may not go to is refused", {
  for (url in c("http://service.example", "service.example", "https://user@service.example")) {
    expect_error(sim_connect(url), class = "simulacra_configuration_error")
  }
  expect_error(without_variables(sim_connect()), "SIMIO_API_BASE")
  expect_error(sim_connect("https://service.example", ca_file = "nowhere.pem"), "nowhere.pem")
})

test_that("a secret is not printed", {
  service <- without_variables(
    sim_connect("https://service.example", client_id = "me", client_secret = "a-great-secret")
  )
  shown <- utils::capture.output(print(service), utils::str(service), print(mget(ls(service), service)))
  expect_false(any(grepl("a-great-secret", shown, fixed = TRUE)))
})

test_that("a token goes nowhere but to the service", {
  service <- without_variables(sim_connect("https://service.example", "me", "secret"))
  for (path in c("https://other.example/v1/usage", ".other.example/v1/usage", "@other.example/")) {
    expect_error(sim_call(service, "GET", path), class = "simulacra_configuration_error")
  }
})

test_that("a server that does not answer is given up in time", {
  service <- without_variables(
    sim_connect("https://localhost:1", "me", "secret", retry_seconds = 0.3, first_pause = 0.1)
  )
  began <- Sys.time()
  expect_error(sim_usage(service), class = "simulacra_unreachable_error")
  expect_lt(as.numeric(difftime(Sys.time(), began, units = "secs")), 30)
})

schema <- structure(
  data.frame(name = c("age", "segment", "purchase.intent"), type = c("integer", "nominal", "number")),
  class = c("sim_schema", "data.frame")
)
schema$levels <- list(NULL, c("Premium", "Value"), NULL)
schema$min <- list(18, NULL, 0)
schema$max <- list(65, NULL, 100)

test_that("conditions are written in R's own words", {
  wanted <- simulacra:::request_of(
    schema, 100, 1, list(segment = c(Premium = 0.55)), list(age = c(25, 44)),
    list(means = list(purchase.intent = 50), margins = "quick")
  )
  expect_equal(wanted$conditions$categorical, list(segment = list(Premium = 0.55)))
  expect_equal(wanted$conditions$numeric, list(age = list(min = 25, max = 44)))
  expect_equal(wanted$conditions$means, list(purchase.intent = 50))
  expect_equal(wanted[c("row_count", "seed", "margins")],
               list(row_count = 100L, seed = 1L, margins = "quick"))
  expect_null(simulacra:::request_of(schema, 10, NULL, list(), list(), list())$conditions)
})

test_that("what the schema does not fit is said before anything is sent", {
  expect_error(simulacra:::check_conditions(schema, list(segmnet = c(Premium = 1)), list()),
               "Did you mean 'segment'", class = "simulacra_condition_error")
  expect_error(simulacra:::check_conditions(schema, list(segment = c(premium = 1)), list()),
               "Did you mean 'Premium'")
  expect_error(simulacra:::check_conditions(schema, list(), list(purchase_intent = c(0, 1))),
               "Did you mean 'purchase.intent'")
  expect_error(simulacra:::check_conditions(schema, list(), list(age = c(min = 25))), "18 to 65")
  expect_error(simulacra:::check_conditions(schema, list(nothing = c(a = 1)), list()),
               "There are 'age', 'segment', 'purchase.intent'")
  expect_error(simulacra:::request_of(schema, 1.5, NULL, list(), list(), list()), "whole number")
})

test_that("fields of an upload are texts, and JSON where they have several values", {
  field <- simulacra:::form_field
  expect_equal(field("display_name", "Wave 3"), "Wave 3")
  expect_equal(field("drop_columns", "region"), '["region"]')
  expect_equal(field("column_types", list(age = "integer", agree = c("no", "yes"))),
               '{"age":"integer","agree":["no","yes"]}')
})

test_that("a problem is a condition of the class of its code", {
  document <- list(code = "simio_invalid_field", detail = "No.", status = 400, request_id = "r1",
                   errors = list(list(pointer = "/row_count", detail = "Too many.")))
  caught <- tryCatch(stop(simulacra:::problem(document)), simio_invalid_field = identity)
  expect_s3_class(caught, "simulacra_problem")
  expect_equal(conditionMessage(caught),
               "No.\n  /row_count: Too many.\n(simio_invalid_field, request r1)")
  expect_equal(caught$request_id, "r1")
})

test_that("a problem says nothing twice", {
  say <- function(detail) {
    fault <- list(pointer = "/conditions/means/age", detail = "No column 'age'.")
    document <- list(code = "simio_x", detail = detail, errors = list(fault))
    conditionMessage(simulacra:::problem(document))
  }
  expect_equal(say("No column 'age'."),
               "No column 'age'.\n  at /conditions/means/age\n(simio_x, request unknown)")
  expect_equal(say("/conditions/means/age: No column 'age'."),
               "/conditions/means/age: No column 'age'.\n(simio_x, request unknown)")
})

test_that("a preview is printed in a line, with what is to be known", {
  preview <- structure(class = "sim_preview", list(
    status = "partial", rows_available = 7, rows_requested = 9, reason = NULL,
    support = list(effective_sample_size = 3.2), warnings = list(list(detail = "Few."))))
  expect_equal(capture.output(print(preview)),
               c("<preview, partial, 7 of 9 rows; 3 effective respondents>", "Few."))
})

test_that("rows are not written under the ending of another format", {
  generation <- list(id = "gen_1", document = list(output_format = "sav"))
  expect_error(sim_download(generation, "rows.csv"), "end it in .sav",
               class = "simulacra_download_error")
})

test_that("Retry-After is read in both of its forms", {
  expect_equal(simulacra:::seconds_of("7"), 7)
  expect_equal(simulacra:::seconds_of("Wed, 21 Oct 2015 07:28:00 GMT"), 0)
  expect_null(simulacra:::seconds_of("soon"))
  expect_null(simulacra:::seconds_of(NULL))
})
