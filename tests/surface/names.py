"""The names that users, dashboards and other programs hold on to, typed by hand.

Whoever changes one here breaks somebody's dashboard: add names, do not rename them.
"""

CONFIG_OPTIONS = {"-c", "--config", "--preset"}
COMMANDS = {
    "demo": {"--preset", "--seconds", "--rate", "--port", "--seed", "--json"},
    "worker": CONFIG_OPTIONS,
    "check": {*CONFIG_OPTIONS, "--json"},
    "init": {"--preset", "-o", "--output"},
    "replay": {*CONFIG_OPTIONS, "files", "--json", "--what", "--as-arrived", "--cores"},
    "backfill": {*CONFIG_OPTIONS, "files", "--json"},
    "top": {*CONFIG_OPTIONS, "--window", "--segment", "--once", "--json"},
    "simulate": {*CONFIG_OPTIONS, "--rate", "--sessions", "--start", "--seed", "--drop", "--to"},
}

CONFIGURATION = {
    "kafka.brokers": '"localhost:9092"',
    "kafka.auth.mechanism": "",
    "kafka.auth.username": '""',
    "kafka.auth.password": '""',
    "kafka.auth.password_file": '""',
    "kafka.auth.tls": "false",
    "kafka.auth.ca_file": '""',
    "kafka.auth.cert_file": '""',
    "kafka.auth.key_file": '""',
    "kafka.events": '["site-events"]',
    "kafka.format": '"auto"',
    "kafka.keyed_by": '"visitor"',
    "kafka.group": '"microconv"',
    "kafka.instance_id": '""',
    "kafka.topic_prefix": '""',
    "kafka.partitions": "8",
    "kafka.replication": "-1",
    "kafka.transactions": "true",
    "redis.url": '"redis://localhost:6379/0"',
    "redis.prefix": '"mc"',
    "redis.history": '"8d"',
    "web.host": '"127.0.0.1"',
    "web.port": "6066",
    "sessions.timeout": '"30m"',
    "sessions.max_length": '"24h"',
    "sessions.engaged_after": '"10s"',
    "time.out_of_order": '"10s"',
    "time.allowed_lateness": '"10m"',
    "time.max_future": '"5m"',
    "windows.sizes": '["1m", "5m", "15m", "1h", "24h"]',
    "windows.pane": '"10s"',
    "visitors.known_for": '"30d"',
    "pages.groups": "{}",
    "pages.max_values": "100",
    "dimensions.field": '""',
    "dimensions.values": "[]",
    "dimensions.max_values": "20",
    "dimensions.cross": "[]",
    "funnel.name": "needed",
    "funnel.order": '"ordered"',
    "funnel.scope": '"session"',
    "funnel.within": '"30m"',
    "funnel.reentry": '"latest"',
    "funnel.steps.name": "needed",
    "funnel.steps.event": "needed",
    "funnel.steps.where": "{}",
    "funnel.steps.optional": "false",
    "funnel.steps.within": "",
    "funnel.steps.macro": "false",
    "funnel.steps.weight": "0.0",
    "funnel.exclude.event": "needed",
    "funnel.exclude.where": "{}",
    "funnel.exclude.from": '""',
    "funnel.exclude.to": '""',
    "micro.name": "needed",
    "micro.event": "needed",
    "micro.where": "{}",
    "micro.of": '"session"',
    "micro.weight": "0.0",
    "audience.name": "needed",
    "audience.entered": "needed",
    "audience.without": '""',
    "audience.quiet_for": "",
    "audience.keep_for": '"7d"',
    "alert.name": "needed",
    "alert.watch": "needed",
    "alert.segments": '["all"]',
    "alert.drop": '"30%"',
    "alert.false_alarms": '"1/month"',
    "notify.url": "needed",
    "notify.kind": '"alertmanager"',
}
"""Keys and their defaults."""

EVENT = """event_id name time sent_at received_at visitor_id user_id session_id page referrer device source
medium campaign country user_type variant user_agent value currency items consent email_sha256 props"""

WINDOW = (
    "window_start window_end sessions converted open actions ratio flow_ratio low high revenue mature partial"
)
RATE = f"{WINDOW} from_previous drop_off mature_ratio final_ratio closed_until"
ROW = f"measure segment size {WINDOW}"
REJECTED = "reason detail topic partition offset time"
LATE = f"{REJECTED} watermark"

SESSION = """window_start window_end sessions closed engaged bounced single_page engagement_ratio bounce_ratio
duration_mean duration_p50 duration_p90 high_intent_duration_mean high_intent_duration_p50
high_intent_duration_p90 page_views_mean click_through score_mean score_p50 score_p90 revenue_per_session"""

TIME = "window_start window_end conversions count mean p50 p90 touchpoints_mean micro_conversions_mean"

REDIS = {
    "rate:{measure}:{size}:{segment}": ("hash", RATE),
    "session:{size}:{segment}": ("hash", SESSION),
    "time:{funnel}:{size}:{segment}": ("hash", TIME),
    "page:{size}": ("hash", ""),
    "leave:{measure}": ("sorted set", ""),
    "went_on:{measure}": ("sorted set", ""),
    "history:{measure}:{segment}": ("sorted set", ROW),
    "segments:{dimension}": ("set", ""),
    "status": ("hash", "watermark lag workers counted duplicate late rejected bot"),
    "fence": ("hash", "born seq writer call state"),
}

SEGMENT = "dimension value"
STEP = f"funnel step {SEGMENT}"
GAUGE = f"funnel step window {SEGMENT}"
METRICS = {
    "microconv_events_total": ("counter", "topic partition outcome"),
    "microconv_rejected_total": ("counter", "topic partition reason"),
    "microconv_sessions_total": ("counter", SEGMENT),
    "microconv_step_sessions_total": ("counter", STEP),
    "microconv_revenue_total": ("counter", f"funnel currency {SEGMENT}"),
    "microconv_segment_overflow_total": ("counter", "dimension"),
    "microconv_conversion_ratio": ("gauge", GAUGE),
    "microconv_flow_ratio": ("gauge", GAUGE),
    "microconv_mature_ratio": ("gauge", GAUGE),
    "microconv_final_ratio": ("gauge", GAUGE),
    "microconv_window_sessions": ("gauge", GAUGE),
    "microconv_window_converted": ("gauge", GAUGE),
    "microconv_window_open_sessions": ("gauge", GAUGE),
    "microconv_window_actions": ("gauge", GAUGE),
    "microconv_session_duration_seconds": ("gauge", f"stat intent window {SEGMENT}"),
    "microconv_time_to_conversion_seconds": ("gauge", f"funnel stat window {SEGMENT}"),
    "microconv_bounce_ratio": ("gauge", f"window {SEGMENT}"),
    "microconv_engagement_ratio": ("gauge", f"window {SEGMENT}"),
    "microconv_intent_score": ("gauge", f"stat window {SEGMENT}"),
    "microconv_watermark_timestamp_seconds": ("gauge", "topic partition"),
    "microconv_lag_events": ("gauge", "topic partition"),
    "microconv_transaction_seconds": ("histogram", "topology"),
    "microconv_event_to_publish_seconds": ("histogram", ""),
    "microconv_flush_seconds": ("histogram", "topology"),
    "microconv_open_sessions": ("gauge", "partition"),
    "microconv_redis_lag_seconds": ("gauge", ""),
    "microconv_build_info": ("gauge", "version"),
}
