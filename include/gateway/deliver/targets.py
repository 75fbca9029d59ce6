"""Which target an agent delivers to."""

from __future__ import annotations

from gateway.agents import Agent, HeyMiloTarget, WebhookTarget
from gateway.deliver.own_pool import OwnPool
from gateway.deliver.port import Target


def target_of(agent: Agent, *, live: bool = True) -> Target:
    """The agent's target, with its credentials looked up.

    live     False: for showing what would be sent; looks up nothing and can send nothing
    raises   Misconfigured(CONNECTION_MISSING | CONNECTION_INVALID)
    """
    config = agent.target
    if isinstance(config, HeyMiloTarget | WebhookTarget):
        from gateway.credentials import credentials
        from gateway.deliver.limiter import Limiter

        given = credentials(config.connection) if live else None
        limiter = Limiter(config.connection, config.rate_per_minute)
        if isinstance(config, WebhookTarget):
            from gateway.deliver.webhook import WebhookReceiver

            return WebhookReceiver(config, given, limiter)
        from gateway.deliver.client import Client
        from gateway.deliver.heymilo import HeyMilo

        return HeyMilo(config, Client(given, limiter, allow_private=config.allow_private) if given else None)
    return OwnPool()
