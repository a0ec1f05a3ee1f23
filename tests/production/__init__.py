"""Production's own parts, for real: FAB's auth manager, Celery with Redis. `make production` makes their environment."""
