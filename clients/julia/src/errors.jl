"What can go wrong; `catch error` and look at its type."
abstract type SimulacraError <: Exception end

"""
The service refuses, or a job has failed. The code is part of the type, so that
`error isa Problem{:simio_unknown_condition_column}` tells one from all others.
"""
struct Problem{Code} <: SimulacraError
    detail::String
    status::Int
    request_id::Union{String, Nothing}
    retryable::Bool
    idempotency_key::Union{String, Nothing}
    "All that the service says, with `errors`: the place and the fault of each field."
    document::Any
end

function Problem(document, key = nothing)
    id = get(document, :request_id, nothing)
    return Problem{Symbol(document.code)}(
        string(get(document, :detail, "")),
        get(document, :status, 0),
        id === nothing ? nothing : string(id),
        get(document, :retryable, false),
        key,
        document,
    )
end

code(::Problem{Code}) where {Code} = Code

function Base.showerror(io::IO, error::Problem)
    print(io, error.detail)
    for fault in something(get(error.document, :errors, nothing), ())
        place = something(get(fault, :pointer, nothing), get(fault, :parameter, nothing), "")
        if !occursin(fault.detail, error.detail)
            print(io, "\n  ", place, ": ", fault.detail)
        elseif !occursin(place, error.detail)
            print(io, "\n  at ", place) # the detail has the rest
        end
    end
    print(io, "\n(", code(error), ", request ", something(error.request_id, "unknown"), ")")
end

Base.show(io::IO, error::Problem) = showerror(io, error)

"Where the service is, or who calls it, is not said in a way that can be used."
struct ConfigurationError <: SimulacraError
    message::String
end

"There was no answer until `retry_seconds` were over; the same call with the key finds what was begun."
struct UnreachableError <: SimulacraError
    message::String
    idempotency_key::Union{String, Nothing}
end

"The issuer gives no token, or something else than the service answers."
struct TokenError <: SimulacraError
    message::String
end

"A job has not ended in time. It goes on."
struct WaitingError <: SimulacraError
    message::String
    job_id::String
end

"A job was cancelled, or has expired."
struct JobEndedError <: SimulacraError
    message::String
    job_id::String
    status::String
end

"What was downloaded is not the artifact, or there is none."
struct DownloadError <: SimulacraError
    message::String
end

"A scenario does not fit the schema; nothing was sent."
struct ConditionError <: SimulacraError
    message::String
end

"Something else than the service has answered."
struct UnexpectedAnswerError <: SimulacraError
    message::String
    status::Int
end

Base.showerror(io::IO, error::SimulacraError) = print(io, error.message)
