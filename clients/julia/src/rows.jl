"Synthetic rows that were asked for."
struct Generation
    id::String
    document::Any
    service::Service
end
Base.show(io::IO, it::Generation) = print(io, "Generation ", it.id, ", ", it.document.status, ", ",
    something(get(it.document, :rows_generated, nothing), "no"), " rows")

"""
    preview(dataset, row_count; categorical, numeric, seed, schema, other...)

Say in advance what a scenario gives, at no cost: `status`, `rows_available`, `support` and so on.
The arguments are those of `generate`.
"""
function preview(it::Dataset, row_count::Integer; schema = Simulacra.schema(it), scenario...)
    body = JSON3.write(wanted(schema, row_count; scenario...))
    path = "/v1/datasets/$(it.id)/scenario-previews"
    started = request(it.service, "POST", path, ("application/json", body)).document
    return finished(it.service, started.job_id, Inf).preview
end

"""
    generate(dataset, row_count; categorical = Dict(), numeric = Dict(), seed, format = "csv",
             schema, wait = true, timeout = Inf, idempotency_key, other...)

Generate synthetic rows under a scenario: `categorical` has shares of levels by column, such as
`Dict("segment" => Dict("Premium" => 0.55))`, and `numeric` has ranges, such as
`Dict("age" => (25, 44))`. Other keyword arguments are other kinds of conditions (`means`, `bands`,
`joint`, `multiple_response`, `groups`) and what else a generation may have, such as `margins`. Names
and levels are checked against the schema before anything is sent.

Rows are billed as they are generated, once for each call, whatever is lost on the way.

Throws `ConditionError` if the scenario does not fit the schema, and otherwise as `upload`.
"""
function generate(it::Dataset, row_count::Integer; format = "csv", schema = Simulacra.schema(it),
                  wait = true, timeout = Inf, idempotency_key = new_key(), scenario...)
    body = wanted(schema, row_count; output_format = format, scenario...)
    content = ("application/json", JSON3.write(body))
    path = "/v1/datasets/$(it.id)/generations"
    started = request(it.service, "POST", path, content, idempotency_key).document
    made = Generation(started.generation_id, started, it.service)
    return wait ? Base.wait(made; timeout) : made
end

"Return a generation by its id."
generation(service::Service, id) =
    Generation(id, request(service, "GET", "/v1/generations/$(escaped(id))").document, service)

"Wait until the rows are made, and return the generation as it is then."
function Base.wait(it::Generation; timeout = Inf)
    finished(it.service, it.document.job_id, timeout)
    return generation(it.service, it.id)
end

const KINDS = (:means, :bands, :joint, :multiple_response, :groups)

function wanted(schema, row_count; categorical = Dict(), numeric = Dict(), others...)
    conditions = Dict{String, Any}(string(k) => v for (k, v) in others if k in KINDS)
    body = Dict{String, Any}(
        string(k) => v for (k, v) in others if !(k in KINDS) && v !== nothing)
    isempty(categorical) || (conditions["categorical"] = checked_shares(schema, categorical))
    isempty(numeric) || (conditions["numeric"] = checked_ranges(schema, numeric))
    body["row_count"] = row_count
    isempty(conditions) || (body["conditions"] = conditions)
    return body
end

function checked_shares(schema, categorical)
    for (name, shares) in categorical
        levels = column_of(schema, name).levels
        levels === nothing && continue
        for level in keys(shares)
            string(level) in levels || throw(ConditionError(
                "Column '$name' has no level '$level'." * suggestion(string(level), levels)))
        end
    end
    return categorical
end

function checked_ranges(schema, numeric)
    return Dict(name => range_of(column_of(schema, name), range) for (name, range) in numeric)
end

range_of(column, range::Union{Tuple{Any, Any}, AbstractRange}) =
    Dict("min" => first(range), "max" => last(range))
function range_of(column, range)
    if !(range isa AbstractDict) || Set(string.(keys(range))) != Set(("min", "max"))
        throw(ConditionError("The range of '$(column.name)' needs both min and max, such as " *
            "(25, 44). The schema has $(column.min) to $(column.max)."))
    end
    return range
end

function column_of(schema, name)
    for column in schema
        column.name == string(name) && return column
    end
    names = [column.name for column in schema]
    throw(ConditionError("The schema has no column '$name'." * suggestion(string(name), names)))
end

function suggestion(word, words)
    distances = [distance(plain(word), plain(it)) for it in words]
    nearest = isempty(words) ? 0 : argmin(distances)
    nearest > 0 && distances[nearest] <= max(2, length(word) ÷ 3) &&
        return " Did you mean '$(words[nearest])'?"
    return " There are " * join(("'$it'" for it in words[1:min(end, 10)]), ", ") *
        (length(words) > 10 ? " and more." : ".")
end

plain(word) = lowercase(replace(word, r"[._ ]+" => "."))

"The number of letters to insert, delete or replace (Levenshtein)."
function distance(left, right)
    row = collect(0:length(right))
    for (i, a) in enumerate(left)
        diagonal, row[1] = row[1], i
        for (j, b) in enumerate(right)
            diagonal, row[j + 1] = row[j + 1], min(row[j] + 1, row[j + 1] + 1, diagonal + (a != b))
        end
    end
    return row[end]
end

"""
    download(generation, path)

Write the rows of a generation to `path`, which takes its place when all has arrived and has the
digest that the service states. Throws `DownloadError` if it has not, twice.
"""
function Base.download(it::Generation, path::AbstractString)
    patience = Patience(it.service, true)
    restarts = 0
    part = tempname(dirname(abspath(path)))
    try
        while true
            document = request(it.service, "GET", "/v1/generations/$(it.id)").document
            url = get(document, :artifact_url, nothing)
            url === nothing && throw(DownloadError(
                "The generation $(it.id) is $(document.status): it has no rows to download."))
            token = startswith(url, "/") ? bearer(it.service) : nothing
            answer = send(it.service, "GET", url, nothing, nothing, token; output = part)
            if !succeeded(answer)
                pause(patience, answer, "GET artifact", nothing)
            elseif bytes2hex(open(sha256, part)) == document.sha256
                mv(part, path; force = true)
                return path
            elseif (restarts += 1) > 1
                throw(DownloadError("What was downloaded does not have the digest of the artifact, " *
                    "twice: something between here and the service changes it."))
            end
        end
    finally
        rm(part; force = true)
    end
end

"""
    read_rows(generation, sink)

Return the rows of a generation as a table of the kind `sink`, such as `DataFrame`. They must be CSV;
download others and read them with Parquet2.jl or Arrow.jl.
"""
function read_rows(it::Generation, sink)
    it.document.output_format == "csv" || throw(DownloadError(
        "read_rows reads csv; download(generation, path) has the $(it.document.output_format) file."))
    mktempdir() do folder
        CSV.read(download(it, joinpath(folder, "rows.csv")), sink)
    end
end

"Return how many rows are used and left."
usage(service::Service) = request(service, "GET", "/v1/usage").document
