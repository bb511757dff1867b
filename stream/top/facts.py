"""A board for programs: the same facts as one JSON object; ratios are 0..1, times ms, null is not known."""

import json
from typing import Any

from stream.core.event import OUTCOMES
from stream.top.board import Board, Row
from stream.top.reading import MINUTE_MS


def facts(board: Board, now_ms: int) -> dict[str, Any]:
    """Return a board as what JSON has.

    While Redis cannot be read nothing is known: rates of before would pass for those of now.
    """
    away = board.trouble is not None and board.trouble.kind == "away"
    status = None if away else board.status
    watermark = None if status is None else status.watermark
    return {
        "time": now_ms,
        "redis": board.where,
        "window": board.choice.window,
        "segment": board.choice.segment,
        "trouble": None if board.trouble is None else board.trouble.kind,
        "message": None if board.trouble is None else board.trouble.text,
        "age": None if board.age_ms is None else round(board.age_ms),
        "events_per_s": None if board.events_per_s is None else round(board.events_per_s, 1),
        "watermark": watermark,
        "closed_until": None if watermark is None else watermark // MINUTE_MS * MINUTE_MS,
        "lag": status and status.lag_ms,
        "workers": status and status.workers,
        "outcomes": {outcome: status and status.outcomes.get(outcome, 0) for outcome in OUTCOMES},
        "rates": [] if away else [_rate(row, board) for group in board.groups for row in group.rows],
    }


def line(board: Board, now_ms: int) -> str:
    """Return a board as one line of JSON."""
    return json.dumps(facts(board, now_ms), ensure_ascii=False, allow_nan=False)


def _rate(row: Row, board: Board) -> dict[str, Any]:
    """Return one measure of one segment; ``change`` and ``minutes`` as in `stream.top.board.Row`."""
    measure, segment = row.place
    rate, change = row.rate, row.change
    return {
        "measure": measure,
        "segment": segment,
        "size": board.choice.window,
        "sessions": rate.sessions,
        "converted": rate.converted,
        "open": rate.open,
        "actions": rate.actions,
        "ratio": rate.ratio,
        "flow_ratio": rate.flow_ratio,
        "low": rate.low,
        "high": rate.high,
        "mature_ratio": rate.mature_ratio,
        "final_ratio": rate.final_ratio,
        "partial": rate.partial,
        "change": None if change is None else change.relative,
        "beyond_chance": None if change is None else change.beyond_chance,
        "minutes": list(row.course),
    }
