"A study that was uploaded, and the model that is trained on it."
struct Dataset
    id::String
    document::Any
    service::Service
end
Base.show(io::IO, it::Dataset) = print(io, "Dataset ", it.id, ", ", it.document.status)

"A column of the schema: conditions use its name, its levels and its range."
struct Column
    name::String
    type::String
    levels::Union{Vector{String}, Nothing}
    min::Any
    max::Any
end

"""
    upload(service, data; fields, wait = true, timeout = Inf, idempotency_key)

Upload a study and have a model trained on it. `data` is the path of a file in any format that the
service reads, or a table that CSV.jl can write, such as a data frame. Other keyword arguments are
fields of the upload (`display_name`, `column_types`, `drop_columns`, `sheet`, ...); vectors and
dictionaries are sent as JSON. A call with the key of an earlier one finds what that one began.

Throws `Problem` if the study is refused or cannot be modelled, and `WaitingError` after `timeout`
seconds.
"""
function upload(service::Service, path::AbstractString; wait = true, timeout = Inf,
                idempotency_key = new_key(), fields...)
    isfile(path) || throw(ConfigurationError("There is no file $path."))
    content = multipart(path, fields)
    started = request(service, "POST", "/v1/datasets", content, idempotency_key).document
    made = Dataset(started.dataset_id, started, service)
    return wait ? Base.wait(made; timeout) : made
end

function upload(service::Service, table; options...)
    mktempdir() do folder
        path = joinpath(folder, "study.csv")
        CSV.write(path, table)
        upload(service, path; options...)
    end
end

# As one text of bytes, which every attempt sends anew (RFC 7578).
function multipart(path, fields)
    boundary = bytes2hex(rand(RandomDevice(), UInt8, 16))
    body = IOBuffer()
    for (name, value) in fields
        write(body, "--$boundary\r\nContent-Disposition: form-data; name=\"$name\"\r\n\r\n",
            field(value), "\r\n")
    end
    filename = replace(basename(path), r"[\"\r\n]" => "_")
    write(body, "--$boundary\r\nContent-Disposition: form-data; name=\"seed_file\"; ",
        "filename=\"$filename\"\r\nContent-Type: application/octet-stream\r\n\r\n", read(path),
        "\r\n--$boundary--\r\n")
    return ("multipart/form-data; boundary=$boundary", take!(body))
end

field(value::Union{AbstractString, Number, Symbol}) = string(value)
field(value) = JSON3.write(value)

"Return a dataset by its id."
dataset(service::Service, id) =
    Dataset(id, request(service, "GET", "/v1/datasets/$(escaped(id))").document, service)

"Wait until the model is trained, and return the dataset as it is then."
function Base.wait(it::Dataset; timeout = Inf)
    finished(it.service, it.document.job_id, timeout)
    return dataset(it.service, it.id)
end

"Return the columns of a dataset as cleaning has left them."
function schema(it::Dataset)
    document = request(it.service, "GET", "/v1/datasets/$(it.id)/schema").document
    return [
        Column(column.name, column.type, texts(get(column, :levels, nothing)),
            get(column, :min, nothing), get(column, :max, nothing))
        for column in document.schema
    ]
end

texts(::Nothing) = nothing
texts(levels) = String[string(level) for level in levels]

"Return an id as a part of a path; no id of the service has a letter that would need to be escaped."
function escaped(id)
    occursin(r"^[A-Za-z0-9_]+$", id) || throw(ConfigurationError("There is no such id: $id."))
    return id
end
