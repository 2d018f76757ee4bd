"""The operators' APIs simulated on a real loopback port: to develop dashboards against, and to test with.

Values are recomputable by pure functions (`sandbox.truth`); everything else that decides an answer is in
one `World`. Nothing here knows the connectors or the pipelines.
"""
