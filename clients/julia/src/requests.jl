const LONGEST_PAUSE = 20.0
const POLL_SECONDS = 2.0
# For how long a request for a job is held; Downloads ends a connection that is silent for 20 seconds.
const HELD_SECONDS = 10
# Of an answer in JSON; files take as long as they take.
const ANSWER_SECONDS = 60.0
const TRANSIENT_STATUSES = (408, 425, 429, 500, 502, 503, 504)
# Conflicts that pass by themselves; all others stay.
const TRANSIENT_CODES = ("simio_idempotency_in_flight", "simio_quota_reservation_conflict")
const RENEWING_CODES = ("simio_unauthorized", "simio_fresh_token_required")
# libcurl's number of an authority that is not trusted; it stays, whatever is tried.
const CURLE_PEER_FAILED_VERIFICATION = 60

"An answer; without one, `failure` says why, and `status` is 0."
struct Answer
    status::Int
    document::Any
    retry_after::Union{Float64, Nothing}
    failure::Union{String, Nothing}
    curl_code::Int
end

"""
    call(service, method, path; body = nothing, idempotency_key = nothing)

Call any operation of the API, with token and retries, and return the JSON document of the answer.
All attempts have the same key; a POST without one is not repeated if its answer is lost.

Throws `Problem` if it is refused, and `UnreachableError` if there is no answer.
"""
function call(service::Service, method, path; body = nothing, idempotency_key = nothing)
    # The token would go to whatever the address is then.
    startswith(path, "/") || throw(ConfigurationError(
        "path is '$path'; give one of this service, such as /v1/custody."))
    content = body === nothing ? nothing : ("application/json", JSON3.write(body))
    is_repeatable = method != "POST" || idempotency_key !== nothing
    return request(service, method, path, content, idempotency_key; is_repeatable).document
end

function request(service, method, path, content = nothing, key = nothing; is_repeatable = true)
    patience = Patience(service, is_repeatable)
    has_renewed = false
    while true
        answer = send(service, method, path, content, key, bearer(service))
        succeeded(answer) && return answer
        if !has_renewed && wants_new_token(answer)
            service.token.secret = nothing
            has_renewed = true
        else
            pause(patience, answer, "$method $(first(split(path, '?')))", key)
        end
    end
end

succeeded(answer) = answer.failure === nothing && answer.status < 300
code_of(answer) =
    answer.document isa AbstractDict ? get(answer.document, :code, nothing) : nothing
wants_new_token(answer) =
    answer.status == 401 && something(code_of(answer), "simio_unauthorized") in RENEWING_CODES

"Send a request once. The body is written to `output`, a path, instead of being read as JSON."
function send(service, method, path, content, key, token; output = nothing)
    headers = ["User-Agent" => "simulacra-julia", "Accept" => "*/*"]
    token === nothing || push!(headers, "Authorization" => "Bearer " * token.text)
    key === nothing || push!(headers, "Idempotency-Key" => key)
    body = IOBuffer()
    has_file = output !== nothing || content !== nothing && first(content) != "application/json"
    options = Dict{Symbol, Any}(
        :output => something(output, body), :timeout => has_file ? Inf : ANSWER_SECONDS)
    if content !== nothing
        push!(headers, "Content-Type" => first(content))
        options[:input] = IOBuffer(last(content))
    end
    url = startswith(path, "/") ? service.base_url * path : path
    got = Downloads.request(url; method, headers, throw = false, downloader = service.downloader,
        options...)
    got isa Downloads.RequestError &&
        return Answer(0, nothing, nothing, got.message, got.code)
    document = output === nothing ? parsed(String(take!(body))) : nothing
    return Answer(got.status, document, retry_after(got.headers), nothing, 0)
end

function parsed(text)
    try
        return JSON3.read(text)
    catch
        return nothing  # whatever is between here and the service may answer in HTML
    end
end

"What Retry-After says, in seconds: it has a number or a moment (RFC 9110, 10.2.3)."
function retry_after(headers)
    for (name, value) in headers
        lowercase(name) == "retry-after" || continue
        occursin(r"^[0-9]+$", value) && return parse(Float64, value)
        moment = tryparse(DateTime, replace(value, " GMT" => ""), dateformat"e, d u y H:M:S")
        moment === nothing || return max(0.0, datetime2unix(moment) - time())
    end
    return nothing
end

function bearer(service)
    lock(service.minting) do
        kept = service.token
        kept.secret !== nothing && time() < kept.until && return kept.secret
        nothing in (service.client_id, service.client_secret) && throw(ConfigurationError(
            "This call needs credentials: set SIMIO_CLIENT_ID and SIMIO_CLIENT_SECRET, or give " *
            "client_id and client_secret."))
        document = mint(service)
        lifetime = Float64(get(document, :expires_in, 0))
        kept.until = time() + lifetime - min(300.0, lifetime / 10)
        kept.secret = Secret(document.access_token)
        return kept.secret
    end
end

function mint(service)
    asked = JSON3.write(Dict(
        "grant_type" => "client_credentials",
        "client_id" => service.client_id,
        "client_secret" => service.client_secret.text,
        "audience" => service.audience,
    ))
    patience = Patience(service, true)
    while true
        answer = send(service, "POST", service.token_url, ("application/json", asked), nothing,
            nothing)
        document = answer.document
        if document isa AbstractDict
            haskey(document, :access_token) && return document
            refused = get(document, :error, nothing)
            if refused !== nothing && !(answer.status in TRANSIENT_STATUSES)
                why = get(document, :error_description, "")
                throw(TokenError("The issuer gives no token: $refused. $why"))
            end
        end
        pause(patience, answer, "POST token", nothing)
    end
end

"How long one intent goes on being tried."
mutable struct Patience
    seconds::Float64
    longest::Float64
    until::Union{Float64, Nothing}
    is_repeatable::Bool
end
Patience(service, is_repeatable) =
    Patience(service.retry_seconds, service.first_pause, nothing, is_repeatable)

"""
Sleep before the next attempt, or throw. Pauses double, are drawn from the upper half, and are
never shorter than Retry-After says.
"""
function pause(patience, answer, what, key)
    patience.until === nothing && (patience.until = time() + patience.seconds)
    answer.curl_code == CURLE_PEER_FAILED_VERIFICATION && throw(UnreachableError(
        "$what: the server is not trusted: $(answer.failure). If it has a certificate authority of " *
        "its own, set SSL_CERT_FILE or ca_file to its certificate.", key))
    passes = answer.failure !== nothing || answer.status in TRANSIENT_STATUSES ||
        code_of(answer) in TRANSIENT_CODES
    longest = patience.longest
    patience.longest = min(2longest, LONGEST_PAUSE)
    seconds = longest / 2 + rand() * longest / 2
    told = answer.retry_after
    told === nothing || (seconds = told + rand() * min(longest, 1 + told / 10))
    # What may not be done twice is sent again only if it was refused before it was done.
    may_repeat = patience.is_repeatable || answer.status == 429
    passes && may_repeat && time() + seconds <= patience.until && return sleep(seconds)
    if answer.failure !== nothing
        why = patience.is_repeatable ? "again and again for $(patience.seconds) seconds" :
            "it may have arrived, and is not sent a second time"
        throw(UnreachableError("$what: no answer ($(answer.failure)), $why.", key))
    end
    code_of(answer) === nothing && throw(UnexpectedAnswerError(
        "$what: answered $(answer.status) without a problem document. Is the API at this address, " *
        "and is it running?", answer.status))
    throw(Problem(answer.document, key))
end

new_key() = string(uuid4(RandomDevice()))

"Wait until a job is completed, and return its document."
function finished(service, job_id, timeout)
    until = time() + timeout
    while true
        asked_at = time()
        held = floor(Int, clamp(until - asked_at, 0, HELD_SECONDS))
        answer = request(service, "GET", "/v1/jobs/$job_id?wait_seconds=$held")
        job = answer.document
        job.status == "completed" && return job
        job.status == "failed" && throw(Problem(job.error))
        job.status in ("expired", "cancelled") && throw(JobEndedError(
            "The job $job_id was ended: $(job.status).", job_id, job.status))
        time() >= until && throw(WaitingError(
            "The job $job_id has not ended within $timeout seconds. It goes on.", job_id))
        next_at = min(until, asked_at + something(answer.retry_after, POLL_SECONDS))
        sleep(max(0.0, next_at - time()))
    end
end
