library(testthat)
library(simulacra)

test_check("simulacra")
