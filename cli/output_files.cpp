#include "cli/output_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "cli/console.hpp"
#include "cli/exit_code.hpp"

namespace tailrace::cli {

namespace fs = std::filesystem;

namespace {

// A file by itself, in whichever folder it is to be.
struct SingleFile {
  explicit SingleFile(const std::string& path)
      : name(fs::path(path).filename().string()), folder(fs::path(path).parent_path().string()) {
    if (folder.empty()) folder = ".";
  }
  std::string name, folder;
};

// A device or a pipe, such as /dev/stdout: it is written to, and nothing takes its place.
bool is_special(const std::string& path) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

// A link to what exists stays: that is replaced.
std::string behind_link(const std::string& path) {
  std::error_code code;
  if (!fs::is_symlink(path, code)) return path;
  const fs::path file = fs::canonical(path, code);
  return code ? path : file.string();
}

}  // namespace

OutputFiles::~OutputFiles() {
  for (const File& file : files_) ::unlink(file.temporary.c_str());
}

std::string OutputFiles::prepare() {
  std::error_code code;
  fs::create_directories(folder_, code);
  if (!code && !fs::is_directory(folder_, code)) code = std::make_error_code(std::errc::not_a_directory);
  if (!code && ::access(folder_.c_str(), W_OK | X_OK) != 0)
    code = std::error_code(errno, std::generic_category());
  return code ? fmt::format("cannot write into {}: {}", folder_, code.message()) : "";
}

std::string OutputFiles::add(const std::string& name, std::string_view content) {
  const std::string final = behind_link((fs::path(folder_) / name).string());
  std::error_code code;  // open() says what is wrong with the folder
  if (fs::path(name).has_parent_path()) fs::create_directories(fs::path(final).parent_path(), code);
  const bool special = is_special(final);
  const std::string target = special ? final : fmt::format("{}.{}.tmp", final, ::getpid());
  const auto failed = [&](std::size_t done) {
    return fmt::format("cannot write {}: {} ({} of {} bytes written)", final, std::strerror(errno), done,
                       content.size());
  };
  const int how = special ? O_WRONLY : O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW;
  const int fd = ::open(target.c_str(), how | O_CLOEXEC, 0666);
  if (fd < 0) return failed(0);
  if (!special) files_.push_back({target, final});
  std::size_t done = 0;
  std::string error;
  while (done < content.size() && error.empty()) {
    const ssize_t n = ::write(fd, content.data() + done, content.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      error = failed(done);
    }
  }
  // Some systems report a full disk only here. fsync is refused by a few file systems that keep nothing.
  if (error.empty() && ::fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EINTR)
    error = failed(done);
  if (::close(fd) != 0 && error.empty() && errno != EINTR) error = failed(done);
  return error;
}

std::string OutputFiles::commit() {
  while (!files_.empty()) {
    const File& file = files_.back();
    if (std::rename(file.temporary.c_str(), file.final.c_str()) != 0) {
      return fmt::format("cannot write {}: {}", file.final, std::strerror(errno));
    }
    files_.pop_back();
  }
  return "";
}

bool prepare_folder(const std::string& folder) {
  const std::string error = folder.empty() ? "" : OutputFiles(folder).prepare();
  if (!error.empty()) complain(error);
  return error.empty();
}

int prepare_file(const char* option, const std::string& path) {
  if (path.empty()) return kGood;
  const SingleFile file(path);
  std::error_code code;
  if (file.name.empty() || fs::is_directory(path, code)) {
    complain(fmt::format("{} needs the name of a file, not of a folder", option));
    return kUsage;
  }
  if (is_special(path)) return kGood;
  return prepare_folder(file.folder) ? kGood : kInputOutput;
}

std::string write_single(const std::string& path, const std::string& content) {
  const SingleFile file(path);
  OutputFiles files(file.folder);
  std::string error = is_special(path) ? "" : files.prepare();
  if (error.empty()) error = files.add(file.name, content);
  if (error.empty()) error = files.commit();
  return error;
}

}  // namespace tailrace::cli
