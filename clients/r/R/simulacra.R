# The client of a Simulacra service. The file needs no other one: source() it, or install the package.

FIRST_PAUSE <- 0.5
LONGEST_PAUSE <- 20
POLL_SECONDS <- 2
HELD_SECONDS <- 20
TRANSIENT_STATUSES <- c(408, 425, 429, 500, 502, 503, 504)
# Conflicts that pass by themselves; all others stay.
TRANSIENT_CODES <- c("simio_idempotency_in_flight", "simio_quota_reservation_conflict")
LISTS <- c("keep_columns", "drop_columns", "missing_values")
KINDS <- c("means", "bands", "joint", "multiple_response", "groups")
FINAL <- c("completed", "failed", "expired", "cancelled")

# ---- Where the service is ---------------------------------------------------------------------

#' Say where the service is, and who calls it
#'
#' Arguments count before variables of the environment. Nothing is sent yet; the first call that
#' needs an access token mints one, which is kept until shortly before its end.
#'
#' @param base_url Address of the API; by default `SIMIO_API_BASE`.
#' @param client_id,client_secret By default `SIMIO_CLIENT_ID` and `SIMIO_CLIENT_SECRET`. Keep the
#'   secret out of scripts: it is neither printed nor part of a message.
#' @param token_url Of the issuer of tokens; by default `SIMIO_TOKEN_URL`, or `SIMIO_AUTH0_DOMAIN`
#'   for its host, or the service's own issuer.
#' @param audience By default `SIMIO_AUDIENCE`, or `SIMIO_AUTH0_AUDIENCE`, or the address of the
#'   service.
#' @param ca_file Certificates to trust in place of the machine's; by default `SIMIO_CA_FILE`, or
#'   `CURL_CA_BUNDLE`, or `SSL_CERT_FILE`.
#' @param retry_seconds How long failures in a row that pass are put up with: lost connections and
#'   the statuses 408, 425, 429, 500, 502, 503 and 504.
#' @param first_pause Longest pause after the first failure, seconds; it doubles with each, up to 20.
#' @return An object of class `sim_service`.
#' @section Conditions:
#' All errors are of class `simulacra_error`. A refusal is a `simulacra_problem`, and its first
#' class is its code, such as `simio_unknown_condition_column`; it has `code`, `status`, `detail`,
#' `request_id`, `retryable`, `errors` and `idempotency_key`. Others are
#' `simulacra_configuration_error`, `simulacra_unreachable_error` (no answer until
#' `retry_seconds` were over), `simulacra_token_error`, `simulacra_waiting_error` (a job has not
#' ended within `timeout`; it goes on), `simulacra_job_ended_error`, `simulacra_download_error` and
#' `simulacra_condition_error` (a scenario that the schema does not fit).
#' @examples
#' \dontrun{
#' api <- sim_connect()
#' study <- sim_upload(api, "study.csv")
#' made <- sim_generate(study, 5000, categorical = list(segment = c(Premium = 0.55)))
#' rows <- sim_read(made)
#' }
#' @export
sim_connect <- function(base_url = NULL, client_id = NULL, client_secret = NULL, token_url = NULL,
                        audience = NULL, ca_file = NULL, retry_seconds = 120,
                        first_pause = FIRST_PAUSE) {
  base_url <- base_url %or% variable("SIMIO_API_BASE")
  if (is.null(base_url)) {
    fail("configuration", "There is no address of the service: set SIMIO_API_BASE, such as ",
         "https://localhost:8443, or give base_url.")
  }
  base_url <- sub("/+$", "", check_url("base_url", base_url))
  token_url <- token_url %or% variable("SIMIO_TOKEN_URL") %or% issuer() %or%
    paste0(base_url, "/oauth/token")
  ca_file <- ca_file %or% variable("SIMIO_CA_FILE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
  if (!is.null(ca_file) && !file.exists(ca_file)) {
    fail("configuration", "ca_file: there is no file ", ca_file, ".")
  }
  # An environment, so that a token that one call mints serves the next one too.
  service <- new.env(parent = emptyenv())
  service$base_url <- base_url
  service$client_id <- client_id %or% variable("SIMIO_CLIENT_ID")
  secret <- client_secret %or% variable("SIMIO_CLIENT_SECRET")
  service$secret <- function() secret  # as a function, since what str() shows is no secret then
  service$token_url <- check_url("token_url", token_url)
  service$audience <- audience %or% variable("SIMIO_AUDIENCE", "SIMIO_AUTH0_AUDIENCE") %or% base_url
  service$ca_file <- ca_file
  service$retry_seconds <- retry_seconds
  service$first_pause <- first_pause
  service$token <- NULL
  structure(service, class = "sim_service")
}

issuer <- function() {
  domain <- variable("SIMIO_AUTH0_DOMAIN")
  if (is.null(domain)) return(NULL)
  if (grepl("/", domain, fixed = TRUE)) {
    fail("configuration", "SIMIO_AUTH0_DOMAIN must be a host such as localhost:8443, without ",
         "https:// and path.")
  }
  paste0("https://", domain, "/oauth/token")
}

variable <- function(...) {
  found <- Filter(nzchar, Sys.getenv(c(...)))
  if (length(found)) found[[1]] else NULL
}

check_url <- function(name, url) {
  local <- grepl("^http://(localhost|127[.]0[.]0[.]1|\\[::1\\])(:[0-9]+)?(/|$)", url)
  if (!(local || grepl("^https://[^/?#@]+(/[^?#]*)?$", url))) {
    fail("configuration", name, " must be an https address such as https://localhost:8443.")
  }
  url
}

#' @export
print.sim_service <- function(x, ...) {
  cat("<Simulacra at ", x$base_url, ", client ", x$client_id %or% "none", ">\n", sep = "")
  invisible(x)
}

# ---- Studies ----------------------------------------------------------------------------------

#' Upload a study, and have a model trained on it
#'
#' @param service Of [sim_connect()].
#' @param data A data frame, or the path of a file in any format that the service reads. Ordered
#'   factors of a data frame are uploaded as ordinal columns, with their levels in their order.
#' @param ... Fields of the upload: `display_name`, `column_types`, `keep_columns`, `drop_columns`,
#'   `sheet`, `privacy`, `weight_column` and so on. Named lists and vectors are sent as JSON.
#' @param wait Whether to wait for the model. Otherwise [sim_wait()] waits for it.
#' @param timeout Seconds to wait for it.
#' @param idempotency_key By default a new one. A call with the key of an earlier call finds what
#'   that one began, in another session too.
#' @return A dataset, of class `sim_dataset`: `id`, `document`, and `schema` by [sim_schema()].
#' @export
sim_upload <- function(service, data, ..., wait = TRUE, timeout = Inf, idempotency_key = new_key()) {
  fields <- list(...)
  if (is.data.frame(data)) {
    path <- file.path(tempfile("simulacra"), "study.csv")
    dir.create(dirname(path), mode = "0700")
    on.exit(unlink(dirname(path), recursive = TRUE))
    utils::write.csv(data, path, row.names = FALSE, na = "", fileEncoding = "UTF-8")
    ordered <- lapply(Filter(is.ordered, data), levels)
    fields$column_types <- utils::modifyList(ordered, as.list(fields$column_types))
  } else {
    path <- data
    if (!is.character(path) || length(path) != 1) {
      fail("configuration", "data must be a data frame or the path of a file, and is of class ",
           class(path)[[1]], ".")
    }
    if (!file.exists(path)) fail("configuration", "There is no file ", path, ".")
  }
  fields <- Filter(length, fields)
  fields <- mapply(form_field, names(fields), fields, SIMPLIFY = FALSE)
  started <- call_service(service, "POST", "/v1/datasets", fields = fields, file = path,
                          key = idempotency_key)
  dataset <- new_dataset(service, started)
  if (wait) sim_wait(dataset, timeout) else dataset
}

#' Return a dataset by its id
#'
#' @param service Of [sim_connect()].
#' @param dataset_id Id of the dataset.
#' @return As of [sim_upload()].
#' @export
sim_dataset <- function(service, dataset_id) {
  new_dataset(service, call_service(service, "GET", paste0("/v1/datasets/", escape(dataset_id))))
}

new_dataset <- function(service, document) {
  structure(list(id = document$dataset_id, document = document, service = service),
            class = "sim_dataset")
}

#' @export
print.sim_dataset <- function(x, ...) {
  cat("<dataset ", x$id, ", ", x$document$status, ">\n", sep = "")
  invisible(x)
}

#' Read the schema of a dataset
#'
#' Conditions are made of these names, levels and ranges, not of those of the file.
#'
#' @param dataset Of [sim_upload()] or [sim_dataset()].
#' @return A data frame with a row for each column: `name`, `type`, `label`, `levels` (a list),
#'   `min` and `max` (lists: numbers, or texts of dates). Its attribute `document` is all that the
#'   service says, with `cleaning`, what cleaning did, and `quality`.
#' @export
sim_schema <- function(dataset) {
  path <- paste0("/v1/datasets/", dataset$id, "/schema")
  document <- call_service(dataset$service, "GET", path)
  columns <- document$schema
  schema <- data.frame(name = vapply(columns, function(it) it$name, ""),
                       type = vapply(columns, function(it) it$type, ""),
                       label = vapply(columns, function(it) it$label %or% NA_character_, ""))
  schema$levels <- lapply(columns, function(it) unlist(it$levels))
  schema$min <- lapply(columns, function(it) it$min)
  schema$max <- lapply(columns, function(it) it$max)
  structure(schema, document = document, class = c("sim_schema", "data.frame"))
}

#' @export
print.sim_schema <- function(x, ...) {
  values <- mapply(function(levels, min, max) {
    if (length(levels)) paste(levels, collapse = ", ") else paste(min, "to", max)
  }, x$levels, x$min, x$max)
  shown <- data.frame(name = x$name, type = x$type, values = strtrim(as.character(values), 60))
  print(shown, row.names = FALSE, right = FALSE)
  invisible(x)
}

# ---- Scenarios --------------------------------------------------------------------------------

#' Say in advance what a scenario gives, at no cost
#'
#' @inheritParams sim_generate
#' @return What the service says: `status`, `rows_available`, `support`, `conditions`, `limiting`,
#'   `nearest` and so on, as a list of class `sim_preview`, of which the most important is printed.
#' @export
sim_preview <- function(dataset, row_count, categorical = list(), numeric = list(), ...,
                        seed = NULL, schema = sim_schema(dataset)) {
  wanted <- request_of(schema, row_count, seed, categorical, numeric, list(...))
  path <- paste0("/v1/datasets/", dataset$id, "/scenario-previews")
  finished <- wait_for(dataset$service, call_service(dataset$service, "POST", path, body = wanted))
  structure(finished$preview, class = "sim_preview")
}

#' @export
print.sim_preview <- function(x, ...) {
  cat("<preview, ", x$status, ", ", x$rows_available, " of ", x$rows_requested, " rows; ",
      round(x$support$effective_sample_size), " effective respondents>\n", sep = "")
  cat(sprintf("%s\n", c(x$reason, vapply(x$warnings, function(it) it$detail, ""))), sep = "")
  invisible(x)
}

#' Generate synthetic rows under a scenario
#'
#' Rows are billed as they are generated, once for each call, whatever is lost on the way.
#'
#' @param dataset Of [sim_upload()] or [sim_dataset()].
#' @param row_count How many rows are wanted; a tight scenario may give fewer.
#' @param categorical Shares of levels by column: `list(segment = c(Premium = 0.55))`.
#' @param numeric Ranges by column: `list(age = c(25, 44))`.
#' @param ... Other kinds of conditions, as the service names them (`means`, `bands`, `joint`,
#'   `multiple_response`, `groups`); what else a generation may have, such as `margins` and
#'   `support_weight`.
#' @param seed The same dataset, scenario, row count and seed give the same rows.
#' @param format `"csv"`, `"parquet"`, `"arrow"` or another one that the service knows. By default
#'   Parquet if the package arrow is installed, otherwise CSV.
#' @param schema Of [sim_schema()], against which names and levels are checked before anything is
#'   sent.
#' @param wait,timeout,idempotency_key As of [sim_upload()].
#' @return A generation, of class `sim_generation`: `id` and `document`, with `status`,
#'   `rows_generated` and `report`.
#' @export
sim_generate <- function(dataset, row_count, categorical = list(), numeric = list(), ...,
                         seed = NULL, format = NULL, schema = sim_schema(dataset), wait = TRUE,
                         timeout = Inf, idempotency_key = new_key()) {
  wanted <- request_of(schema, row_count, seed, categorical, numeric, list(...))
  wanted$output_format <- format %or% if (has_arrow()) "parquet" else "csv"
  path <- paste0("/v1/datasets/", dataset$id, "/generations")
  started <- call_service(dataset$service, "POST", path, body = wanted, key = idempotency_key)
  generation <- new_generation(dataset$service, started)
  if (wait) sim_wait(generation, timeout) else generation
}

#' Return a generation by its id
#'
#' @param service Of [sim_connect()].
#' @param generation_id Id of the generation.
#' @return As of [sim_generate()].
#' @export
sim_generation <- function(service, generation_id) {
  path <- paste0("/v1/generations/", escape(generation_id))
  new_generation(service, call_service(service, "GET", path))
}

new_generation <- function(service, document) {
  # Whoever has the link may fetch the rows: it is read anew for each download, and not kept.
  document[c("artifact_url", "artifact_token")] <- NULL
  structure(list(id = document$generation_id, document = document, service = service),
            class = "sim_generation")
}

#' @export
print.sim_generation <- function(x, ...) {
  rows <- x$document$rows_generated
  cat("<generation ", x$id, ", ", x$document$status, if (!is.null(rows)) c(", ", rows, " rows"),
      ">\n", sep = "")
  invisible(x)
}

#' Wait until a model is trained, or rows are made
#'
#' @param object A dataset or a generation.
#' @param timeout Seconds to wait.
#' @return The same object, as it is then.
#' @export
sim_wait <- function(object, timeout = Inf) {
  wait_for(object$service, object$document, timeout)
  if (inherits(object, "sim_dataset")) {
    sim_dataset(object$service, object$id)
  } else {
    sim_generation(object$service, object$id)
  }
}

request_of <- function(schema, row_count, seed, categorical, numeric, others) {
  unknown <- which(!nzchar(names(others) %or% rep("", length(others))))
  if (length(unknown)) fail("condition", "Arguments behind numeric must be named.")
  conditions <- c(check_conditions(schema, categorical, numeric), others[names(others) %in% KINDS])
  wanted <- others[!names(others) %in% KINDS]
  wanted$row_count <- whole("row_count", row_count)
  if (!is.null(seed)) wanted$seed <- whole("seed", seed)
  if (length(conditions)) wanted$conditions <- conditions
  wanted
}

whole <- function(name, value) {
  if (!is.numeric(value) || length(value) != 1 || is.na(value) || value != round(value) ||
      abs(value) > .Machine$integer.max) {
    fail("condition", name, " must be one whole number, at most ", .Machine$integer.max, ".")
  }
  as.integer(value)
}

check_conditions <- function(schema, categorical, numeric) {
  for (name in names(categorical)) {
    column <- column_of(schema, name)
    levels <- schema$levels[[column]]
    for (level in names(categorical[[name]])) {
      if (!is.null(levels) && !level %in% levels) {
        fail("condition", "Column '", name, "' has no level '", level, "'.", suggest(level, levels))
      }
    }
  }
  ranges <- lapply(names(numeric), function(name) {
    column <- column_of(schema, name)
    range <- as.list(numeric[[name]])
    if (is.null(names(range)) && length(range) == 2) names(range) <- c("min", "max")
    if (!setequal(names(range), c("min", "max"))) {
      fail("condition", "The range of '", name, "' needs both min and max, such as c(25, 44).",
           if (length(schema$min[[column]])) {
             c(" The schema has ", schema$min[[column]], " to ", schema$max[[column]], ".")
           })
    }
    lapply(range, function(it) if (inherits(it, c("Date", "POSIXt"))) format(it) else it)
  })
  names(ranges) <- names(numeric)
  Filter(length, list(categorical = lapply(categorical, as.list), numeric = ranges))
}

column_of <- function(schema, name) {
  column <- match(name, schema$name)
  if (is.na(column)) {
    fail("condition", "The schema has no column '", name, "'.", suggest(name, schema$name))
  }
  column
}

suggest <- function(word, words) {
  distance <- utils::adist(plain(word), plain(words))[1, ]
  near <- words[order(distance)][sort(distance) <= max(2, nchar(word) / 3)]
  if (length(near)) return(paste0(" Did you mean '", near[[1]], "'?"))
  shown <- paste0("'", utils::head(words, 10), "'", collapse = ", ")
  paste0(" There are ", shown, if (length(words) > 10) " and more", ".")
}

plain <- function(words) tolower(gsub("[._ ]+", ".", words))

# ---- Rows -------------------------------------------------------------------------------------

#' Download the rows of a generation
#'
#' The file takes its place when all of it has arrived and has the digest that the service states.
#'
#' @param generation Of [sim_generate()] or [sim_generation()].
#' @param path Where to write. An ending that is not that of the format is refused: the file is
#'   written as the service has made it, and `sim_generate(format = )` says how.
#' @return `path`, invisibly.
#' @export
sim_download <- function(generation, path) {
  format <- generation$document$output_format
  ending <- if (format == "triple-s") "zip" else format
  if (!tolower(tools::file_ext(path)) %in% c("", ending)) {
    fail("download", "The rows are ", format, ", and ", path, " has the ending of something else: ",
         "end it in .", ending, ", or name the format in sim_generate().")
  }
  part <- tempfile(paste0(".", basename(path), "."), tmpdir = dirname(path), fileext = ".part")
  on.exit(unlink(part))
  service <- generation$service
  patience <- new_patience(service)
  restarts <- 0
  repeat {
    document <- call_service(service, "GET", paste0("/v1/generations/", generation$id))
    url <- document$artifact_url
    if (is.null(url)) {
      fail("download", "The generation ", generation$id, " is ", document$status,
           ": it has no rows to download.")
    }
    fetched <- send(service, "GET", url, path = part, authorised = startsWith(url, "/"))
    if (is.null(fetched$failure) && fetched$status < 300) {
      if (identical(digest_of(part), document$sha256)) break
      restarts <- restarts + 1
      if (restarts > 1) {
        fail("download", "What was downloaded does not have the digest of the artifact, twice: ",
             "something between here and the service changes it.")
      }
    } else {
      patience(fetched, "GET artifact")
    }
  }
  if (!file.rename(part, path)) fail("download", "The file ", path, " cannot be written.")
  invisible(path)
}

digest_of <- function(path) {
  connection <- file(path, "rb")
  on.exit(close(connection))
  unclass(as.character(openssl::sha256(connection)))
}

#' Read the rows of a generation into a data frame
#'
#' CSV is read by R itself; Parquet and Arrow need the package arrow. CSV does not say of what types
#' columns are: dates, booleans and levels are texts, unless `colClasses` says otherwise.
#'
#' @param generation Of [sim_generate()] or [sim_generation()].
#' @param ... For [utils::read.csv()], such as `colClasses`.
#' @return A data frame.
#' @export
sim_read <- function(generation, ...) {
  format <- generation$document$output_format
  if (!format %in% c("csv", "parquet", "arrow")) {
    fail("download", "sim_read() reads csv, parquet and arrow; use sim_download() for ", format, ".")
  }
  if (format != "csv" && !has_arrow()) {
    fail("download", "The package arrow is needed to read ", format,
         "; sim_generate(format = \"csv\") does without.")
  }
  path <- tempfile(fileext = paste0(".", format))
  on.exit(unlink(path))
  sim_download(generation, path)
  switch(format,
    csv = utils::read.csv(path, check.names = FALSE, na.strings = "", encoding = "UTF-8", ...),
    parquet = as.data.frame(arrow::read_parquet(path)),
    arrow = as.data.frame(arrow::read_feather(path))
  )
}

has_arrow <- function() requireNamespace("arrow", quietly = TRUE)

# ---- Anything else ----------------------------------------------------------------------------

#' Read how many rows are used and left
#'
#' @param service Of [sim_connect()].
#' @return What the service says: `rows_used`, `rows_remaining` and so on, as a list.
#' @export
sim_usage <- function(service) call_service(service, "GET", "/v1/usage")

#' Call any operation of the API, with token and retries
#'
#' @param service Of [sim_connect()].
#' @param method Of HTTP.
#' @param path Such as `"/v1/custody"`.
#' @param body A list, sent as JSON.
#' @param idempotency_key Which all attempts have. A POST without one is not repeated if its answer
#'   is lost.
#' @return The JSON document of the answer, as lists.
#' @export
sim_call <- function(service, method, path, body = NULL, idempotency_key = NULL) {
  if (!startsWith(path, "/")) {  # the token would go to whatever the address is then
    fail("configuration", "path is '", path, "'; give one of this service, such as /v1/custody.")
  }
  call_service(service, method, path, body = body, key = idempotency_key,
               repeatable = method != "POST" || !is.null(idempotency_key))
}

# ---- Requests ---------------------------------------------------------------------------------

wait_for <- function(service, started, timeout = Inf) {
  until <- Sys.time() + min(timeout, 1e9)
  repeat {
    asked_at <- Sys.time()
    left <- max(0, as.numeric(difftime(until, asked_at, units = "secs")))
    held <- as.integer(min(HELD_SECONDS, left))
    job <- call_service(service, "GET",
                        paste0("/v1/jobs/", started$job_id, "?wait_seconds=", held))
    if (job$status == "failed") stop(problem(job$error, job_id = started$job_id))
    if (job$status == "completed") return(job)
    if (job$status %in% FINAL) {
      fail("job_ended", "The job ", started$job_id, " was ended: ", job$status, ".",
           fields = list(job_id = started$job_id, status = job$status))
    }
    if (Sys.time() >= until) {
      fail("waiting", "The job ", started$job_id, " has not ended within ", timeout,
           " seconds. It goes on; sim_wait() waits for it.", fields = list(job_id = started$job_id))
    }
    next_at <- min(until, asked_at + (attr(job, "retry_after") %or% POLL_SECONDS))
    Sys.sleep(max(0, as.numeric(difftime(next_at, Sys.time(), units = "secs"))))
  }
}

call_service <- function(service, method, url, body = NULL, fields = NULL, file = NULL, key = NULL,
                         repeatable = TRUE) {
  patience <- new_patience(service, repeatable)
  renewed <- FALSE
  repeat {
    answer <- send(service, method, url, body, fields, file, key)
    if (is.null(answer$failure) && answer$status < 300) {
      if (is.null(answer$document)) return(NULL)
      return(structure(answer$document, retry_after = answer$retry_after))
    }
    code <- answer$document$code %or% "simio_unauthorized"
    wants_token <- identical(answer$status, 401L) &&
      code %in% c("simio_unauthorized", "simio_fresh_token_required")
    if (wants_token && !renewed) {
      service$token <- NULL
      renewed <- TRUE
    } else {
      patience(answer, paste(method, sub("[?].*", "", url)), key)
    }
  }
}

# Sends a request once. The answer has status, document, retry_after and request_id, or a failure.
send <- function(service, method, url, body = NULL, fields = NULL, file = NULL, key = NULL,
                 path = NULL, authorised = TRUE) {
  address <- if (startsWith(url, "/")) paste0(service$base_url, url) else url
  request <- httr2::request(address)
  request <- httr2::req_method(request, method)
  request <- httr2::req_user_agent(request, "simulacra-r")
  request <- httr2::req_options(request, connecttimeout = 10L)
  # Seconds of silence; an upload or a download may take longer than any limit on the whole.
  request <- httr2::req_options(request, low_speed_time = 60L, low_speed_limit = 1L)
  request <- httr2::req_error(request, is_error = function(answer) FALSE)
  if (!is.null(service$ca_file)) {
    request <- httr2::req_options(request, cainfo = service$ca_file)
  }
  # Neither a token nor a secret follows a redirection.
  if (authorised || !is.null(body)) request <- httr2::req_options(request, followlocation = FALSE)
  if (authorised) request <- httr2::req_auth_bearer_token(request, bearer(service))
  if (!is.null(key)) request <- httr2::req_headers(request, `Idempotency-Key` = key)
  if (!is.null(body)) request <- httr2::req_body_json(request, body)
  if (!is.null(file)) {
    parts <- c(fields, list(seed_file = curl::form_file(file)))
    request <- do.call(httr2::req_body_multipart, c(list(request), parts))
  }
  perform(request, path)
}

perform <- function(request, path = NULL) {
  tryCatch(
    {
      answer <- httr2::req_perform(request, path = path)
      list(
        status = httr2::resp_status(answer),
        document = if (is.null(path)) document_of(answer),
        retry_after = seconds_of(httr2::resp_header(answer, "Retry-After")),
        request_id = httr2::resp_header(answer, "X-Request-Id")
      )
    },
    error = function(error) list(failure = failure_of(error))
  )
}

# libcurl's own words are in the parent, where there is one.
failure_of <- function(error) {
  texts <- conditionMessage(error)
  if (inherits(error$parent, "condition")) texts <- c(texts, conditionMessage(error$parent))
  paste(texts, collapse = " ")
}

# An answer may have no body, or one that is no JSON if it is from something else than the service.
document_of <- function(answer) {
  tryCatch(
    jsonlite::fromJSON(httr2::resp_body_string(answer), simplifyVector = FALSE),
    error = function(error) NULL
  )
}

# Retry-After (RFC 9110, 10.2.3) says seconds or a moment.
seconds_of <- function(header) {
  if (is.null(header)) return(NULL)
  if (grepl("^[0-9]+$", header)) return(as.numeric(header))
  moment <- curl::parse_date(header)
  if (is.na(moment)) NULL else max(0, as.numeric(difftime(moment, Sys.time(), units = "secs")))
}

bearer <- function(service) {
  if (!is.null(service$token) && Sys.time() < service$token_until) return(service$token())
  if (is.null(service$client_id) || is.null(service$secret())) {
    fail("configuration", "This call needs credentials: set SIMIO_CLIENT_ID and ",
         "SIMIO_CLIENT_SECRET, or give client_id and client_secret.")
  }
  body <- list(grant_type = "client_credentials", client_id = service$client_id,
               client_secret = service$secret(), audience = service$audience)
  patience <- new_patience(service)
  repeat {
    answer <- send(service, "POST", service$token_url, body, authorised = FALSE)
    token <- answer$document$access_token
    if (!is.null(token)) break
    if (!is.null(answer$document$error) && !answer$status %in% TRANSIENT_STATUSES) {
      fail("token", "The issuer gives no token: ", answer$document$error, ". ",
           answer$document$error_description)
    }
    patience(answer, "POST token")
  }
  lifetime <- answer$document$expires_in %or% 0
  service$token_until <- Sys.time() + lifetime - min(300, lifetime / 10)
  service$token <- function() token
  token
}

# Pauses after a failure, or stops. The pauses double, are drawn from the upper half, and are never
# shorter than Retry-After says; nothing is put up with for longer than retry_seconds.
new_patience <- function(service, repeatable = TRUE) {
  failures <- 0
  until <- NULL
  function(answer, what, key = NULL) {
    if (is.null(until)) until <<- Sys.time() + service$retry_seconds
    transient <- !is.null(answer$failure) || answer$status %in% TRANSIENT_STATUSES ||
      any(answer$document$code %in% TRANSIENT_CODES)
    if (!is.null(answer$failure) && grepl("certificate", answer$failure)) {
      fail("unreachable", what, ": the server is not trusted: ", answer$failure, ". If it has a ",
           "certificate authority of its own, set SIMIO_CA_FILE or ca_file to its certificate.")
    }
    longest <- min(service$first_pause * 2^failures, LONGEST_PAUSE)
    failures <<- failures + 1
    pause <- stats::runif(1, longest / 2, longest)
    if (!is.null(answer$retry_after)) {
      pause <- answer$retry_after + stats::runif(1, 0, min(longest, 1 + answer$retry_after / 10))
    }
    in_time <- Sys.time() + pause <= until
    # What may not be done twice is sent again only if it was refused before it was done.
    may_repeat <- repeatable || identical(answer$status, 429L)
    if (transient && in_time && may_repeat) return(Sys.sleep(pause))
    if (!is.null(answer$failure) && !repeatable) {
      fail("unreachable", what, ": no answer (", answer$failure, "). It may have arrived, and is ",
           "not sent a second time.")
    }
    if (!is.null(answer$failure)) {
      fail("unreachable", what, ": no answer, again and again for ", service$retry_seconds,
           " seconds (", answer$failure, ").", fields = list(idempotency_key = key))
    }
    if (is.null(answer$document$code)) {
      fail("unexpected_answer", what, ": answered ", answer$status, " without a problem document. ",
           "Is the API at this address, and is it running?",
           fields = list(status = answer$status, request_id = answer$request_id))
    }
    stop(problem(answer$document, key = key))
  }
}

new_key <- function() paste0(as.character(openssl::rand_bytes(16)), collapse = "")

form_field <- function(name, value) {
  if (name %in% LISTS) value <- as.list(value)
  if (length(value) == 1 && is.atomic(value) && is.null(names(value))) {
    return(if (is.logical(value)) tolower(value) else as.character(value))
  }
  if (is.atomic(value)) value <- as.list(value)
  as.character(jsonlite::toJSON(value, auto_unbox = TRUE))
}

escape <- function(id) utils::URLencode(id, reserved = TRUE)

# ---- Conditions -------------------------------------------------------------------------------

fail <- function(kind, ..., fields = list()) {
  text <- paste0(c(...), collapse = "")
  class <- c(paste0("simulacra_", kind, "_error"), "simulacra_error", "error", "condition")
  stop(structure(class = class, c(list(message = text, call = NULL), fields)))
}

problem <- function(document, key = NULL, job_id = NULL) {
  faults <- lapply(document$errors, function(it) {
    place <- it$pointer %or% it$parameter %or% ""
    said <- function(text) grepl(text, document$detail %or% "", fixed = TRUE)
    if (!said(it$detail)) return(paste0("  ", place, ": ", it$detail))
    if (place != "" && !said(place)) paste0("  at ", place)  # the detail has the rest
  })
  text <- paste0(paste(c(document$detail, unlist(faults)), collapse = "\n"), "\n(", document$code,
                 ", request ", document$request_id %or% "unknown", ")")
  class <- c(document$code, "simulacra_problem", "simulacra_error", "error", "condition")
  given <- list(message = text, call = NULL, idempotency_key = key, job_id = job_id)
  structure(class = class, c(given, document[setdiff(names(document), names(given))]))
}

`%or%` <- function(left, right) if (is.null(left)) right else left
