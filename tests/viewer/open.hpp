#pragma once
// Sessions for tests. What cannot be opened is a broken test: it throws with what a user would see.
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "viewer/model/session.hpp"

namespace tailrace::viewer {

constexpr double kLong = 200;  // seconds that a wait may take on a busy machine

inline std::unique_ptr<Session> open_text(const std::string& text, const SessionOptions& options = {}) {
  models::Diagnostics diagnostics;
  std::unique_ptr<Session> session = Session::open_text(text, options, diagnostics);
  if (!session)
    throw std::runtime_error(diagnostics.all().empty() ? "no session" : diagnostics.all().front().message);
  return session;
}

// A scenario's file, or the folder of a stored run.
inline std::unique_ptr<Session> open_file(const std::string& path, const SessionOptions& options = {}) {
  models::Diagnostics diagnostics;
  std::vector<models::SourceFile> files;
  std::string error;
  std::unique_ptr<Session> session = Session::open(path, options, diagnostics, files, error);
  if (!session) throw std::runtime_error(error + models::format_diagnostics(diagnostics, files));
  return session;
}

// Run to its end.
inline std::unique_ptr<Session> run_text(const std::string& text) {
  std::unique_ptr<Session> session = open_text(text);
  if (!session->wait_complete(kLong)) throw std::runtime_error("the run did not end");
  return session;
}

}  // namespace tailrace::viewer
