"""
Stands in for the package of this name, which cannot be had where its registry is out of reach. What
it sends is what HTTP.jl 1.10 sends, byte for byte: http_jl.py has it from that source.
"""
module HTTP

import JSON3

struct Multipart
    filename::String
    data::IO
    contenttype::String
end

struct Form
    parts::Vector{Dict{String, String}}
    Form(parts) = new([merge(Dict("name" => name), part(value)) for (name, value) in parts])
end
part(text::AbstractString) = Dict("value" => text)
part(it::Multipart) = Dict(
    "filename" => it.filename, "type" => it.contenttype, "value" => Base.read(it.data, String))
part(it::IOStream) = Dict(
    "filename" => basename(it.name[7:end-1]), "value" => Base.read(it, String),
    "type" => "text/plain; charset=utf-8")  # as HTTP.sniff says of a CSV file

struct Response
    status::Int
    body::Vector{UInt8}
end

struct StatusError <: Exception
    status::Int
    text::String
end

get(url, headers = []) = request("GET", url, headers, nothing)
post(url, headers, body) = request("POST", url, headers, body)

function request(method, url, headers, body)
    asked = Dict(
        "method" => method, "url" => url, "headers" => [[k, v] for (k, v) in headers],
        "form" => body isa Form ? body.parts : nothing, "body" => body isa Form ? nothing : body)
    answer = tempname()
    kept = filter(it -> first(it) != "LD_LIBRARY_PATH", ENV)  # Python was built with other libraries
    sending = setenv(`$(ENV["STAND_IN_PYTHON"]) $(ENV["STAND_IN_HTTP_JL"]) $answer`, kept)
    status = parse(Int, Base.read(pipeline(IOBuffer(JSON3.write(asked)), sending), String))
    status < 300 || throw(StatusError(status, Base.read(answer, String)))
    return Response(status, Base.read(answer))
end

end
