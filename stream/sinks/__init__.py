"""Where results leave the stream besides Kafka: Redis, Prometheus."""
