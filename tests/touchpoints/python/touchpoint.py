"""A touchpoint on stock libraries: Debian's python3-grpcio and messages that protoc made of the proto files.

It visits twice, once known by its client certificate and once by a token, and once it shows neither and must be refused.
usage: touchpoint.py HOST:PORT FOLDER-OF-CREDENTIALS     (with protoc's --python_out folder on PYTHONPATH)
"""
import pathlib
import sys
import uuid

import grpc
from parley.runtime.v1 import interaction_pb2 as api

TARGET, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])


def credentials(how):
    """The credentials of a connection, with a token for each call on it if that is how we are known."""
    ca = (FOLDER / "ca.crt").read_bytes()
    if how == "mutual TLS":
        key, certificate = (FOLDER / "touchpoint.key").read_bytes(), (FOLDER / "touchpoint.crt").read_bytes()
        return grpc.ssl_channel_credentials(ca, key, certificate)
    tls = grpc.ssl_channel_credentials(ca)
    if how != "TLS and token":
        return tls
    token = (FOLDER / "touchpoint.token").read_text().strip()
    return grpc.composite_channel_credentials(tls, grpc.access_token_call_credentials(token))


class Runtime:
    """Calls by name; the answer's type is the method's name and "Response"."""

    def __init__(self, how):
        self.channel = grpc.secure_channel(TARGET, credentials(how))

    def call(self, method, **fields):
        request, answer = getattr(api, method + "Request"), getattr(api, method + "Response")
        path = "/parley.runtime.v1.InteractionService/" + method
        stub = self.channel.unary_unary(path, request.SerializeToString, answer.FromString)
        return stub(request(**fields), timeout=5)


def visit(how, customer):
    runtime, session = Runtime(how), str(uuid.uuid4())
    key = api.NamedValue(name="customer_id", value=api.Value(int_value=customer))
    audience = api.AudienceId(level="customer", keys=[key])
    started = runtime.call("StartSession", session_id=session, channel="retail-bank", audience=audience)
    point = api.PointRequest(interaction_point="home-hero", max_offers=2)
    best = runtime.call("GetOffers", session_id=session, points=[point]).points[0].offers[0]
    shown = dict(session_id=session, event_id=str(uuid.uuid4()), event="offer-shown", treatment_code=best.treatment_code)
    assert not runtime.call("PostEvent", **shown).duplicate
    assert runtime.call("PostEvent", **shown).duplicate, "the same event again changes nothing"
    runtime.call("EndSession", session_id=session)
    segments = ",".join(started.segments)
    print(f"python, {how}: customer {customer} in [{segments}] sees {best.offer_code}, score {best.score:g}")


def main():
    visit("mutual TLS", 1002)
    visit("TLS and token", 1003)
    try:
        Runtime("neither").call("GetVersion")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED, error
        print("python, neither: refused, as it must be")
    else:
        sys.exit("python: a caller without credentials was answered")


main()
