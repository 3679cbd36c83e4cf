# From a data frame to rows, against a service. tests/acceptance/test_languages.py starts one, loses
# requests and answers on the way to it, and looks at what the service has afterwards.

skip_if(Sys.getenv("SIMIO_API_BASE") == "", "SIMIO_API_BASE names no service")

api <- sim_connect(first_pause = 0.02)
set.seed(7)
size <- 800
study <- data.frame(
  age = sample(18:65, size, TRUE),
  segment = sample(c("Value", "Mainstream", "Premium"), size, TRUE, c(0.35, 0.45, 0.2)),
  agreement = factor(sample(c("no", "partly", "yes"), size, TRUE), c("no", "partly", "yes"),
                     ordered = TRUE)
)
dataset <- sim_upload(api, study, display_name = "From R")

test_that("a data frame becomes a dataset", {
  expect_equal(dataset$document$status, "ready")
  expect_equal(dataset$document$display_name, "From R")
  expect_equal(sim_dataset(api, dataset$id)$document, dataset$document)
  expect_length(sim_call(api, "GET", "/v1/datasets")$datasets, 1)  # however often it was sent
  schema <- sim_schema(dataset)
  expect_equal(schema$name, names(study))
  expect_equal(schema$type[[3]], "ordinal")
  expect_equal(schema$levels[[3]], levels(study$agreement))
  expect_output(print(schema), "Mainstream, Premium, Value")
})

test_that("a preview costs nothing, and rows are made and billed once", {
  before <- sim_usage(api)
  preview <- sim_preview(dataset, 300, categorical = list(segment = c(Premium = 0.5)), seed = 1)
  expect_equal(preview$status, "ready")
  expect_equal(preview$rows_available, 300)
  expect_equal(sim_usage(api)$rows_used, before$rows_used)
  made <- sim_generate(dataset, 300, list(segment = c(Premium = 0.5)), list(age = c(25, 44)),
                       seed = 1, format = "csv")
  expect_equal(made$document$status, "ready")
  expect_equal(sim_usage(api)$rows_used, before$rows_used + 300)
  expect_null(made$document$artifact_url)
  rows <- sim_read(made)
  expect_equal(names(rows), names(study))
  expect_equal(nrow(rows), 300)
  expect_equal(sum(rows$segment == "Premium"), 150)
  expect_true(all(rows$age >= 25 & rows$age <= 44))
})

test_that("the call with the key of an earlier one finds what that one began", {
  begun <- sim_generate(dataset, 20, seed = 2, format = "csv", wait = FALSE,
                        idempotency_key = "one-intent")
  again <- sim_generate(dataset, 20, seed = 2, format = "csv", idempotency_key = "one-intent")
  expect_equal(again$id, begun$id)
  expect_equal(sim_wait(begun)$document$rows_generated, 20)
  path <- tempfile(fileext = ".csv")
  sim_download(sim_generation(api, begun$id), path)
  expect_equal(length(readLines(path)), 21)
  expect_equal(list.files(dirname(path), "[.]part$", all.files = TRUE), character())
})

test_that("Parquet and Arrow are read where the package arrow is", {
  skip_if_not_installed("arrow")
  parquet <- sim_generate(dataset, 20, seed = 3)
  expect_equal(parquet$document$output_format, "parquet")
  rows <- sim_read(parquet)
  expect_equal(rows, sim_read(sim_generate(dataset, 20, seed = 3, format = "arrow")))
  expect_equal(rows, sim_read(sim_generate(dataset, 20, seed = 3, format = "csv")))
})

test_that("refusals are conditions of their codes", {
  elsewhere <- sim_schema(dataset)
  elsewhere$name[[2]] <- "segmnet"
  caught <- tryCatch(
    sim_generate(dataset, 5, list(segmnet = c(Premium = 0.5)), schema = elsewhere),
    simio_unknown_condition_column = identity
  )
  expect_s3_class(caught, "simulacra_problem")
  expect_equal(caught$status, 400)
  expect_false(caught$retryable)
  expect_match(caught$request_id, ".")
  expect_equal(caught$errors[[1]]$pointer, "/conditions/categorical/segmnet")
  expect_error(sim_dataset(api, "ds_nothing"), class = "simio_dataset_not_found")
  expect_error(sim_upload(api, data.frame(answer = rep("yes", 30))), class = "simulacra_problem")
  expect_error(sim_usage(sim_connect(client_secret = "wrong")), class = "simulacra_token_error")
})

test_that("a server that is not trusted is not asked again", {
  others <- "/etc/ssl/certs/ca-certificates.crt"
  skip_if_not(file.exists(others))
  expect_error(sim_usage(sim_connect(ca_file = others)), "is not trusted.*SIMIO_CA_FILE",
               class = "simulacra_unreachable_error")
})

test_that("any other operation can be called", {
  expect_gt(length(sim_call(api, "GET", "/v1/custody")$steps), 3)
  sim_call(api, "DELETE", paste0("/v1/datasets/", dataset$id))
  expect_error(sim_dataset(api, dataset$id), class = "simio_dataset_not_found")
})
