"""PostgreSQL's binary COPY: values, arrays, and rows from server to server."""
