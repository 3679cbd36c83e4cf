"""
Stands in for the package of this name, which cannot be had where its registry is out of reach: what
of it the guide, the pages and our client use.
"""
module JSON3

struct Object <: AbstractDict{Symbol, Any}
    members::Dict{Symbol, Any}
end
Base.getproperty(it::Object, name::Symbol) = getfield(it, :members)[name]
Base.propertynames(it::Object) = collect(keys(getfield(it, :members)))
Base.hasproperty(it::Object, name::Symbol) = haskey(getfield(it, :members), name)
Base.get(it::Object, key::Symbol, default) = get(getfield(it, :members), key, default)
Base.haskey(it::Object, key::Symbol) = haskey(getfield(it, :members), key)
Base.getindex(it::Object, key) = getfield(it, :members)[Symbol(key)]
Base.iterate(it::Object, state...) = iterate(getfield(it, :members), state...)
Base.length(it::Object) = length(getfield(it, :members))

read(bytes::Vector{UInt8}) = read(String(copy(bytes)))
function read(text::AbstractString)
    value, at = parse_value(String(text), 1)
    isempty(strip(text[at:end])) || error("There is more than one document.")
    return value
end

past_space(text, at) = something(findnext(!isspace, text, at), ncodeunits(text) + 1)

function parse_value(text, at)
    at = past_space(text, at)
    letter = text[at]
    letter == '{' && return parse_object(text, at + 1)
    letter == '[' && return parse_array(text, at + 1)
    letter == '"' && return parse_string(text, at)
    for (word, value) in ("true" => true, "false" => false, "null" => nothing)
        startswith(SubString(text, at), word) && return value, at + length(word)
    end
    number = match(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text, at)
    number === nothing || number.offset != at && error("No JSON at $at.")
    kind = all(isnothing, number.captures) ? Int : Float64
    return parse(kind, number.match), at + length(number.match)
end

function parse_object(text, at)
    members = Dict{Symbol, Any}()
    while (at = past_space(text, at); text[at] != '}')
        key, at = parse_string(text, at)
        at = past_space(text, at) + 1  # the colon
        members[Symbol(key)], at = parse_value(text, at)
        at = past_space(text, at)
        text[at] == ',' && (at += 1)
    end
    return Object(members), at + 1
end

function parse_array(text, at)
    values = Any[]
    while (at = past_space(text, at); text[at] != ']')
        value, at = parse_value(text, at)
        push!(values, value)
        at = past_space(text, at)
        text[at] == ',' && (at += 1)
    end
    return values, at + 1
end

function parse_string(text, at)
    found = match(r"\"((?:[^\"\\]|\\.)*)\"", text, at)
    plain = replace(found.captures[1], "\\/" => "/")
    return unescape_string(plain), at + ncodeunits(found.match)
end

write(value) = sprint(write, value)
function write(io::IO, text::Union{AbstractString, Symbol, Char})
    escaped = (it in "\\\"" ? "\\" * it :
        it < ' ' ? "\\u" * string(Int(it), base = 16, pad = 4) : it for it in string(text))
    print(io, '"')
    foreach(it -> print(io, it), escaped)
    print(io, '"')
end
write(io::IO, value::Union{Bool, Real}) = print(io, value)
write(io::IO, ::Nothing) = print(io, "null")
write(io::IO, values::Union{AbstractVector, Tuple, Base.Generator}) =
    (print(io, '['); separated(write, io, values); print(io, ']'))
write(io::IO, members::Union{AbstractDict, NamedTuple}) = (
    print(io, '{');
    separated(io, pairs(members)) do io, (key, value)
        write(io, string(key))
        print(io, ':')
        write(io, value)
    end;
    print(io, '}'))

function separated(write_one, io, values)
    for (i, value) in enumerate(values)
        i > 1 && print(io, ',')
        write_one(io, value)
    end
end

end
