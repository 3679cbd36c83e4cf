# Read a file into a data frame, as the functions of these names in the real package do.
read_parquet <- function(file) read_by("parquet.read_table", file)
read_feather <- function(file) read_by("feather.read_table", file)

read_by <- function(reading, file) {
  table <- tempfile(fileext = ".csv")
  on.exit(unlink(table))
  code <- sprintf(paste(
    "import sys; from pyarrow import csv, feather, parquet",
    "csv.write_csv(%s(sys.argv[1]), sys.argv[2])",
    sep = "\n"
  ), reading)
  arguments <- shQuote(c("-c", code, file, table))
  # R sets a path of libraries for itself, on which another Python than ours may have its own.
  status <- system2(Sys.getenv("ARROW_STAND_IN_PYTHON"), arguments, env = "LD_LIBRARY_PATH=")
  if (status != 0) stop("the file cannot be read: ", file)
  utils::read.csv(table)
}
