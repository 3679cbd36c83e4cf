"""
A client of a Simulacra service: synthetic survey data under a scenario.

    api = connect()  # SIMIO_API_BASE, SIMIO_CLIENT_ID, SIMIO_CLIENT_SECRET
    study = upload(api, "study.csv")
    made = generate(study, 5000; categorical = Dict("segment" => Dict("Premium" => 0.55)))
    rows = read_rows(made, DataFrame)
"""
module Simulacra

import CSV, Downloads, JSON3
using Dates, Random, SHA, UUIDs

export connect, upload, dataset, schema, preview, generate, generation, read_rows, usage, call
export Service, Dataset, Generation, Column, SimulacraError, Problem, ConfigurationError
export UnreachableError, TokenError, WaitingError, JobEndedError, DownloadError, ConditionError

include("errors.jl")
include("service.jl")
include("requests.jl")
include("studies.jl")
include("rows.jl")

end
