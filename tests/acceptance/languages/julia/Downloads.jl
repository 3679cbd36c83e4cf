"""
Stands in for the package of this name, which came with Julia 1.6: what our client uses of it, by
means of the program curl. It is the same library underneath.
"""
module Downloads

export request, Downloader, Response, RequestError

struct Downloader
    ca_file::Union{String, Nothing}
    Downloader() = new(get(ENV, "JULIA_SSL_CA_ROOTS_PATH", get(ENV, "SSL_CERT_FILE", nothing)))
end

struct Response
    url::String
    status::Int
    headers::Vector{Pair{String, String}}
end

struct RequestError <: Exception
    url::String
    code::Int
    message::String
end

quoted(text) = "\"" * escape_string(text) * "\""

function request(
    url; method, headers, output, downloader, timeout, input = nothing, throw = true,
)
    throw && error("Only what our client uses is here.")
    folder = mktempdir()
    head, body, sent = (joinpath(folder, it) for it in ("head", "body", "sent"))
    # By a file of the program's own, so that no token is on its command line.
    lines = ["url = $(quoted(url))", "request = $method", "dump-header = $(quoted(head))",
        "output = $(quoted(body))", "silent", "show-error"]
    append!(lines, "header = $(quoted("$name: $value"))" for (name, value) in headers)
    if input !== nothing
        write(sent, input)
        push!(lines, "upload-file = $(quoted(sent))")
    end
    isfinite(timeout) && push!(lines, "max-time = $timeout")
    downloader.ca_file === nothing || push!(lines, "cacert = $(quoted(downloader.ca_file))")
    config = joinpath(folder, "config")
    write(config, join(lines, "\n"))
    said = IOBuffer()
    kept = filter(it -> first(it) != "LD_LIBRARY_PATH", ENV)
    ended = run(pipeline(ignorestatus(setenv(`curl -q -K $config`, kept)), stderr = said))
    ended.exitcode == 0 ||
        return RequestError(url, ended.exitcode, strip(String(take!(said))))
    output isa AbstractString ? mv(body, output, force = true) : write(output, read(body))
    answered = split(strip(read(head, String)), "\r\n\r\n")[end]
    status, others = Iterators.peel(split(answered, "\r\n"))
    pairs = [lowercase(name) => strip(value) for (name, value) in split.(others, ":", limit = 2)]
    return Response(url, parse(Int, split(status)[2]), pairs)
end

end
