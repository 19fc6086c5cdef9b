"""The HTTP API: routes by noun, problem details, authentication, OpenAPI."""
