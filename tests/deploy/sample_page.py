"""A page of metrics as a worker shows them, written by hand from their reference, whose counters move."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stream.embedded import free_port

# {n} grows with each scrape.
PAGE = """\
microconv_build_info{{version="0"}} 1
microconv_events_total{{topic="site-events",partition="0",outcome="counted"}} {n}00
microconv_events_total{{topic="site-events",partition="0",outcome="rejected"}} {n}
microconv_rejected_total{{topic="site-events",partition="0",reason="bad_time"}} {n}
microconv_sessions_total{{dimension="all",value="all"}} {n}0
microconv_step_sessions_total{{funnel="checkout",step="product_view",dimension="all",value="all"}} {n}
microconv_conversion_ratio{{funnel="checkout",step="order",window="15m",dimension="all",value="all"}} 0.25
microconv_flow_ratio{{funnel="checkout",step="order",window="15m",dimension="all",value="all"}} 0.5
microconv_window_sessions{{funnel="checkout",step="order",window="15m",dimension="all",value="all"}} 8
microconv_window_converted{{funnel="checkout",step="order",window="15m",dimension="all",value="all"}} 2
microconv_window_open_sessions{{funnel="checkout",step="order",window="15m",dimension="all",value="all"}} 1
microconv_window_actions{{funnel="checkout",step="order",window="15m",dimension="all",value="all"}} 4
microconv_conversion_ratio{{funnel="checkout",step="order",window="15m",dimension="device",value="other"}} NaN
microconv_conversion_ratio{{funnel="checkout",step="order",window="15m",dimension="device",value="phone"}} 0.2
microconv_flow_ratio{{funnel="checkout",step="order",window="15m",dimension="device",value="phone"}} 0.5
microconv_window_sessions{{funnel="checkout",step="order",window="15m",dimension="device",value="phone"}} 8
microconv_window_converted{{funnel="checkout",step="order",window="15m",dimension="device",value="phone"}} 2
microconv_watermark_timestamp_seconds{{topic="site-events",partition="0"}} 1700000000
microconv_lag_events{{topic="site-events",partition="0"}} 12
microconv_open_sessions{{partition="0"}} 3
microconv_redis_lag_seconds 0.1
microconv_transaction_seconds_bucket{{topology="sessions",le="0.01"}} {n}
microconv_transaction_seconds_bucket{{topology="sessions",le="+Inf"}} {n}
microconv_transaction_seconds_sum{{topology="sessions"}} {n}
microconv_transaction_seconds_count{{topology="sessions"}} {n}
microconv_event_to_publish_seconds_bucket{{le="0.2"}} {n}
microconv_event_to_publish_seconds_bucket{{le="+Inf"}} {n}
microconv_event_to_publish_seconds_sum {n}
microconv_event_to_publish_seconds_count {n}
"""


@contextmanager
def serve(page: str = PAGE) -> Iterator[str]:
    """Serve the page at ``/metrics`` for a while; give its ``host:port``."""
    scrapes = itertools.count(1)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page.format(n=next(scrapes)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class names it
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
