"""One client each: the same work, done as that client's own documentation says.

They run in environments of their own: this folder imports the standard library, and each file its
client, and nothing else. A file has `opened(url, folder)`, an async context manager that yields an
object with `job(path)`: submit, poll until the job is done, save the clip under its final name.
What only some clients are asked for: `submit()`, `wait()` (at the client's own pace, until it knows
that the job is done), `upload(file)`.
"""
