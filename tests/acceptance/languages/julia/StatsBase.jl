"""
Stands in for the package of this name, which cannot be had where its registry is out of reach: what
of it the guide uses.
"""
module StatsBase

export sample

struct Weights
    values::Vector{Float64}
end

function sample(values::AbstractVector, weights::Weights, n::Integer)
    bounds = cumsum(weights.values ./ sum(weights.values))
    return [values[min(searchsortedfirst(bounds, rand()), end)] for _ in 1:n]
end

end
