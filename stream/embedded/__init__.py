"""A broker and a store from wheels, for the demo and for trying things: no Kafka, Redis or Docker needed."""
