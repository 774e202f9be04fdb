#include "cli/sweep_journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "analysis/report/json_text.hpp"

namespace tailrace::cli {

namespace {

namespace fs = std::filesystem;
using scenarios::PointRow;

std::string failed(const std::string& path, const char* what) {
  return fmt::format("cannot {} {}: {}", what, path, std::strerror(errno));
}

// Where the last whole line ends; -1 when the file cannot be read.
off_t end_of_whole_lines(int fd, off_t size) {
  char buffer[4096];
  for (off_t end = size; end > 0;) {
    const off_t begin = std::max<off_t>(0, end - static_cast<off_t>(sizeof buffer));
    const ssize_t n = ::pread(fd, buffer, static_cast<std::size_t>(end - begin), begin);
    if (n != end - begin) return -1;
    for (ssize_t i = n; i > 0; --i) {
      if (buffer[i - 1] == '\n') return begin + i;
    }
    end = begin;
  }
  return 0;
}

}  // namespace

std::string journal_line(const std::string& name, const PointRow& row) {
  analysis::JsonText j(true);
  j.begin_object().field("id", name).field("status", row.status).field("message", row.message);
  j.field("replications", row.replications);
  j.field("thresholds", row.thresholds).field("thresholds_failed", row.thresholds_failed);
  j.key("figures").begin_array();
  const auto number = [&](double v) { std::isfinite(v) ? j.value(v) : j.null(); };
  for (const PointRow::Cell& cell : row.figures) {
    j.begin_array().value(cell.figure).value(cell.unit);
    number(cell.value), number(cell.low), number(cell.high);
    j.end_array();
  }
  j.end_array().end_object();
  return j.take() + "\n";
}

bool parse_journal_line(const std::string& line, std::string& name, PointRow& row) {
  const nlohmann::json j = nlohmann::json::parse(line, nullptr, false);
  try {
    name = j.at("id").get<std::string>();
    row.status = j.at("status").get<std::string>();
    row.message = j.at("message").get<std::string>();
    row.replications = j.at("replications").get<int>();
    row.thresholds = j.at("thresholds").get<int>();
    row.thresholds_failed = j.at("thresholds_failed").get<int>();
    const auto number = [](const nlohmann::json& v) {
      return v.is_null() ? std::numeric_limits<double>::quiet_NaN() : v.get<double>();
    };
    for (const nlohmann::json& cell : j.at("figures")) {
      row.figures.push_back({cell.at(0).get<std::string>(), cell.at(1).get<std::string>(), number(cell.at(2)),
                             number(cell.at(3)), number(cell.at(4))});
    }
  } catch (const nlohmann::json::exception&) {
    return false;
  }
  return true;
}

SweepJournal::~SweepJournal() {
  if (fd_ >= 0) ::close(fd_);
}

std::string SweepJournal::read(const std::string& folder) {
  std::error_code code;
  std::vector<std::string> files;
  for (auto at = fs::directory_iterator(folder, code); !code && at != fs::directory_iterator();
       at.increment(code)) {
    const std::string name = at->path().filename().string();
    if (name.rfind("points", 0) == 0 && at->path().extension() == ".jsonl")
      files.push_back(at->path().string());
  }
  if (code) return fmt::format("cannot read {}: {}", folder, code.message());
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return failed(file, "read");
    for (std::string line; std::getline(in, line);) {
      if (in.eof()) break;  // no end of line: torn
      std::string name;
      PointRow row;
      if (parse_journal_line(line, name, row)) rows_.insert_or_assign(name, std::move(row));
    }
    if (in.bad()) return failed(file, "read");
  }
  return "";
}

std::string SweepJournal::open(const std::string& folder, const std::string& file) {
  path_ = (fs::path(folder) / file).string();
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (fd_ < 0) return failed(path_, "write");
  // File systems that know no locks do without.
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return fmt::format("another sweep is writing {}", path_);
  struct stat status = {};
  if (::fstat(fd_, &status) != 0) return failed(path_, "read");
  if (!S_ISREG(status.st_mode)) return fmt::format("cannot write {}: it is not a regular file", path_);
  const off_t whole = end_of_whole_lines(fd_, status.st_size);
  if (whole < 0) return failed(path_, "read");
  if (whole < status.st_size && ::ftruncate(fd_, whole) != 0) return failed(path_, "write");
  // The name of a new file must survive too.
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  return "";
}

std::string SweepJournal::append(const std::vector<std::pair<std::string, const PointRow*>>& rows) {
  std::string text;
  for (const auto& [name, row] : rows) text += journal_line(name, *row);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(fd_, text.data() + done, text.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      return failed(path_, "write");
    }
  }
  while (::fsync(fd_) != 0) {
    if (errno == EINVAL || errno == ENOTSUP) break;  // a few file systems keep nothing
    if (errno != EINTR) return failed(path_, "write");
  }
  return "";
}

}  // namespace tailrace::cli
