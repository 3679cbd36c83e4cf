# What can be seen without a service; and with one, where SIMIO_API_BASE names it, the way from a file
# to rows. tests/acceptance/test_languages.py starts one, loses requests and answers on the way to it,
# and looks at what the service has afterwards.

using Simulacra, Test

const NOTHING = Dict(
    name => nothing for name in keys(ENV) if startswith(name, "SIMIO_") || name == "SSL_CERT_FILE")
without_variables(f) = withenv(f, NOTHING...)

@testset "Where the service is" begin
    without_variables() do
        api = connect(base_url = "https://service.example/")
        @test api.base_url == "https://service.example"
        @test api.token_url == "https://service.example/oauth/token"
        @test api.audience == "https://service.example"
        withenv("SIMIO_AUTH0_DOMAIN" => "issuer.example") do
            api = connect(base_url = "https://service.example")
            @test api.token_url == "https://issuer.example/oauth/token"
        end
        @test_throws ConfigurationError connect()
        for url in ("http://service.example", "service.example", "https://me@service.example")
            @test_throws ConfigurationError connect(base_url = url)
        end
        @test_throws ConfigurationError connect(base_url = "https://a.example", ca_file = "none.pem")
        api = connect(base_url = "https://a.example", client_id = "me", client_secret = "hush-hush")
        @test !occursin("hush", sprint(show, api) * sprint(dump, api))
        api = connect(base_url = "https://localhost:1", client_id = "me", client_secret = "secret",
            retry_seconds = 0.3, first_pause = 0.1)
        @test_throws UnreachableError usage(api)
        for path in ("https://other.example/v1/usage", ".other.example/v1/usage", "@other.example/")
            @test_throws ConfigurationError call(api, "GET", path)
        end
    end
end

@testset "Scenarios are checked against the schema" begin
    columns = [
        Column("age", "integer", nothing, 18, 65),
        Column("segment", "nominal", ["Premium", "Value"], nothing, nothing),
        Column("purchase.intent", "number", nothing, 0, 100),
    ]
    wanted = Simulacra.wanted(columns, 100; seed = 1, margins = "quick",
        categorical = Dict("segment" => Dict("Premium" => 0.55)), numeric = Dict("age" => (25, 44)),
        means = Dict("purchase.intent" => 50))
    @test wanted == Dict("row_count" => 100, "seed" => 1, "margins" => "quick",
        "conditions" => Dict(
            "categorical" => Dict("segment" => Dict("Premium" => 0.55)),
            "numeric" => Dict("age" => Dict("min" => 25, "max" => 44)),
            "means" => Dict("purchase.intent" => 50)))
    @test Simulacra.wanted(columns, 10) == Dict("row_count" => 10)
    said(; scenario...) = try
        Simulacra.wanted(columns, 10; scenario...)
    catch error
        error isa ConditionError ? error.message : rethrow()
    end
    shares = Dict("Premium" => 0.5)
    @test occursin("Did you mean 'segment'", said(categorical = Dict("segmnet" => shares)))
    @test occursin("Did you mean 'Premium'",
        said(categorical = Dict("segment" => Dict("premium" => 0.5))))
    @test occursin("Did you mean 'purchase.intent'",
        said(numeric = Dict("purchase_intent" => (0, 1))))
    @test occursin("18 to 65", said(numeric = Dict("age" => Dict("min" => 25))))
    @test occursin("There are 'age'", said(categorical = Dict("something" => shares)))
end

@testset "Retry-After" begin
    @test Simulacra.retry_after(["retry-after" => "7"]) == 7
    @test Simulacra.retry_after(["Retry-After" => "Wed, 21 Oct 2015 07:28:00 GMT"]) == 0
    @test Simulacra.retry_after(["retry-after" => "soon"]) === nothing
    @test Simulacra.retry_after([]) === nothing
end

if haskey(ENV, "SIMIO_API_BASE")
    using DataFrames

    caught(f) = try
        f()
        nothing
    catch error
        error
    end

    api = connect(first_pause = 0.02)
    n = 800
    table = DataFrame(
        age = rand(18:65, n),
        segment = rand(["Value", "Mainstream", "Mainstream", "Premium"], n),
        region = rand(["North", "South"], n),
    )
    study = upload(api, table; display_name = "From Julia", drop_columns = ["region"])

    @testset "A data frame becomes a dataset" begin
        @test study.document.status == "ready"
        @test study.document.display_name == "From Julia"
        @test length(call(api, "GET", "/v1/datasets").datasets) == 1  # however often it was sent
        columns = schema(study)
        @test [it.name for it in columns] == ["age", "segment"]
        @test columns[2].levels == ["Mainstream", "Premium", "Value"]
    end

    @testset "A preview costs nothing, and rows are made and billed once" begin
        scenario = (categorical = Dict("segment" => Dict("Premium" => 0.5)),
            numeric = Dict("age" => (25, 44)), seed = 1)
        before = usage(api).rows_used
        told = preview(study, 300; scenario...)
        @test (told.status, told.rows_available) == ("ready", 300)
        @test usage(api).rows_used == before
        made = generate(study, 300; scenario...)
        @test made.document.status == "ready"
        @test usage(api).rows_used == before + 300
        rows = read_rows(made, DataFrame)
        @test nrow(rows) == 300
        @test count(==("Premium"), rows.segment) == 150
        @test all(25 .<= rows.age .<= 44)
        @test !occursin("token=", sprint(show, made))
    end

    @testset "The call with the key of an earlier one finds what that one began" begin
        begun = generate(study, 20; seed = 2, wait = false, idempotency_key = "one-intent")
        again = generate(study, 20; seed = 2, idempotency_key = "one-intent")
        @test again.id == begun.id
        @test wait(begun).document.rows_generated == 20
        mktempdir() do folder
            path = download(generation(api, begun.id), joinpath(folder, "rows.csv"))
            @test countlines(path) == 21
            @test readdir(folder) == ["rows.csv"]
        end
    end

    @testset "Refusals have the types of their codes" begin
        columns = [Column("segmnet", "nominal", ["Premium"], nothing, nothing)]
        error = caught() do
            generate(study, 5; categorical = Dict("segmnet" => Dict("Premium" => 0.5)),
                schema = columns)
        end
        @test error isa Problem{:simio_unknown_condition_column}
        @test (error.status, error.retryable) == (400, false)
        @test startswith(error.request_id, "req_")
        @test occursin("/conditions/categorical/segmnet", sprint(showerror, error))
        @test caught(() -> dataset(api, "ds_nothing")) isa Problem{:simio_dataset_not_found}
        @test caught(() -> usage(connect(client_secret = "wrong"))) isa TokenError
        others = "/etc/ssl/certs/ca-certificates.crt"
        if isfile(others)
            error = caught(() -> usage(connect(ca_file = others)))
            @test error isa UnreachableError
            @test occursin("not trusted", error.message)
        end
        call(api, "DELETE", "/v1/datasets/$(study.id)")
        @test caught(() -> dataset(api, study.id)) isa Problem{:simio_dataset_not_found}
    end
end
