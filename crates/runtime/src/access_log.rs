//! One line of JSON about each request.
