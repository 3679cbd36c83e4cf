"""
Stands in for the package of this name, which cannot be had where its registry is out of reach: what
of it the guide and the pages use.
"""
module DataFrames

export DataFrame, eachrow, nrow

struct DataFrame
    columns::Vector{Pair{Symbol, AbstractVector}}
end
DataFrame(; columns...) = DataFrame([name => column for (name, column) in columns])
DataFrame(it::DataFrame) = it

columns(it::DataFrame) = getfield(it, :columns)
Base.propertynames(it::DataFrame) = first.(columns(it))
Base.names(it::DataFrame) = string.(propertynames(it))
Base.getproperty(it::DataFrame, name::Symbol) =
    last(only(filter(column -> first(column) == name, columns(it))))
function Base.setproperty!(it::DataFrame, name::Symbol, column::AbstractVector)
    filter!(kept -> first(kept) != name, columns(it))
    push!(columns(it), name => column)
end
nrow(it::DataFrame) = length(last(first(columns(it))))
Base.getindex(it::DataFrame, rows::AbstractVector, ::Colon) =
    DataFrame([name => column[rows] for (name, column) in columns(it)])
Base.first(it::DataFrame, n::Integer) = it[1:min(n, nrow(it)), :]
Base.eachrow(it::DataFrame) =
    (NamedTuple{Tuple(propertynames(it))}(Tuple(column[row] for (_, column) in columns(it)))
        for row in 1:nrow(it))

end
