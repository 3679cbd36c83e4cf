"A text that is never shown."
struct Secret
    text::String
end
Base.show(io::IO, ::Secret) = print(io, "Secret(...)")
Base.dump(io::IOContext, ::Secret, ::Int, indent) = print(io, "Secret(...)")

"An access token, and until when it serves, by the clock of `time()`."
mutable struct Token
    secret::Union{Secret, Nothing}
    until::Float64
end

"Where the service is, and who calls it; made by `connect`."
struct Service
    base_url::String
    client_id::Union{String, Nothing}
    client_secret::Union{Secret, Nothing}
    token_url::String
    audience::String
    retry_seconds::Float64
    first_pause::Float64
    downloader::Downloads.Downloader
    token::Token
    minting::ReentrantLock
end

Base.show(io::IO, it::Service) =
    print(io, "Simulacra at ", it.base_url, ", client ", something(it.client_id, "none"))

"""
    connect(; base_url, client_id, client_secret, token_url, audience, ca_file,
            retry_seconds = 120, first_pause = 0.5)

Say where the service is, and who calls it. Nothing is sent yet.

Arguments count before the variables `SIMIO_API_BASE`, `SIMIO_CLIENT_ID`, `SIMIO_CLIENT_SECRET`,
`SIMIO_TOKEN_URL` (or `SIMIO_AUTH0_DOMAIN` for its host), `SIMIO_AUDIENCE` (or
`SIMIO_AUTH0_AUDIENCE`) and `SIMIO_CA_FILE`. Without a `token_url` tokens come from the service's own
issuer, and without an `audience` they are for the address of the service. `ca_file` has the
certificates to trust in place of those that `SSL_CERT_FILE` or the machine has.

Failures that pass (lost connections, and the statuses 408, 425, 429, 500, 502, 503 and 504) are put
up with for `retry_seconds`. The first pause is at most `first_pause` seconds, and doubles up to 20.

Throws `ConfigurationError` if there is no address, or something is not usable.
"""
function connect(;
    base_url = variable("SIMIO_API_BASE"),
    client_id = variable("SIMIO_CLIENT_ID"),
    client_secret = variable("SIMIO_CLIENT_SECRET"),
    token_url = variable("SIMIO_TOKEN_URL"),
    audience = variable("SIMIO_AUDIENCE", "SIMIO_AUTH0_AUDIENCE"),
    ca_file = variable("SIMIO_CA_FILE"),
    retry_seconds = 120,
    first_pause = 0.5,
)
    base_url === nothing && throw(ConfigurationError(
        "There is no address of the service: set SIMIO_API_BASE, such as https://localhost:8443, " *
        "or give base_url."))
    base = String(rstrip(checked("base_url", base_url), '/'))
    token_url === nothing && (token_url = issuer())
    token_url = token_url === nothing ? base * "/oauth/token" : checked("token_url", token_url)
    return Service(
        base,
        client_id,
        client_secret === nothing ? nothing : Secret(client_secret),
        token_url,
        audience === nothing ? base : audience,
        retry_seconds,
        first_pause,
        new_downloader(ca_file),
        Token(nothing, 0.0),
        ReentrantLock(),
    )
end

function variable(names...)
    for name in names
        isempty(get(ENV, name, "")) || return ENV[name]
    end
    return nothing
end

function issuer()
    domain = variable("SIMIO_AUTH0_DOMAIN")
    domain === nothing && return nothing
    '/' in domain && throw(ConfigurationError(
        "SIMIO_AUTH0_DOMAIN must be a host such as localhost:8443, without https:// and path."))
    return "https://$domain/oauth/token"
end

function checked(name, url)
    is_local = occursin(r"^http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/|$)", url)
    is_local || occursin(r"^https://[^/?#@]+(/[^?#]*)?$", url) || throw(ConfigurationError(
        "$name must be an https address such as https://localhost:8443."))
    return String(url)
end

# A Downloader keeps the authorities that the variables name when it is made.
function new_downloader(ca_file)
    ca_file === nothing && return Downloads.Downloader()
    isfile(ca_file) || throw(ConfigurationError("ca_file: there is no file $ca_file."))
    return withenv(() -> Downloads.Downloader(), "JULIA_SSL_CA_ROOTS_PATH" => ca_file)
end
