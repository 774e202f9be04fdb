#include "tests/cli/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>

namespace tailrace::tests {

namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Seconds of the processor that a child has used.
double used_by(pid_t child) {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(child, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

void limit(int what, long bytes) {
  if (bytes < 0) return;
  const rlimit both = {static_cast<rlim_t>(bytes), static_cast<rlim_t>(bytes)};
  setrlimit(static_cast<__rlimit_resource_t>(what), &both);
}

}  // namespace

Finished run_program(const std::vector<std::string>& arguments, const Conditions& conditions) {
  int out[2], err[2];
  if (pipe(out) != 0 || pipe(err) != 0) return {};
  std::vector<std::string> words = {TAILRACE_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment = {"LANG=C.UTF-8", "TERM=dumb"};
  environment.insert(environment.end(), conditions.environment.begin(), conditions.environment.end());
  std::vector<char*> argv, envp;
  for (std::string& w : words) argv.push_back(w.data());
  for (std::string& e : environment) envp.push_back(e.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  if (conditions.stdout_abandoned) close(out[0]), out[0] = -1;

  const pid_t child = fork();
  if (child == 0) {
    if (conditions.stdout_closed) {
      close(1);
    } else if (!conditions.stdout_to.empty()) {
      dup2(open(conditions.stdout_to.c_str(), O_WRONLY), 1);
    } else {
      dup2(out[1], 1);
    }
    dup2(err[1], 2);
    for (const int fd : {out[0], out[1], err[0], err[1]}) {
      if (fd > 2) close(fd);
    }
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    limit(RLIMIT_FSIZE, conditions.file_bytes);
    limit(RLIMIT_AS, conditions.memory_bytes);
    execve(argv[0], argv.data(), envp.data());
    _exit(126);
  }
  close(out[1]);
  close(err[1]);
  Finished result;
  Clock::time_point start = Clock::now();
  std::size_t sent = 0;
  bool open_streams[2] = {out[0] >= 0, true};
  while (open_streams[0] || open_streams[1]) {
    pollfd fds[2] = {{open_streams[0] ? out[0] : -1, POLLIN, 0}, {open_streams[1] ? err[0] : -1, POLLIN, 0}};
    poll(fds, 2, 10);
    if (sent < conditions.signals.size()) {
      const auto& [seconds, signal] = conditions.signals[sent];
      const bool due =
          sent == 0 ? used_by(child) >= seconds : since(start) >= seconds - conditions.signals.front().first;
      if (due && sent == 0) start = Clock::now();
      if (due) kill(child, signal), ++sent;
    }
    for (int i = 0; i < 2; ++i) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      char buffer[65536];
      const ssize_t n = ::read(fds[i].fd, buffer, sizeof buffer);
      if (n <= 0) {
        open_streams[i] = false;
      } else {
        (i == 0 ? result.out : result.err).append(buffer, static_cast<std::size_t>(n));
      }
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  result.seconds = since(start);
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  if (out[0] >= 0) close(out[0]);
  close(err[0]);
  return result;
}

std::string Program::file(const std::string& name, const std::string& text) const {
  std::ofstream(folder_ / name, std::ios::binary) << text;
  return path(name);
}

std::string Program::read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Program::expect_same(const std::string& folder, const std::string& other,
                          const std::vector<std::string>& names) const {
  for (const std::string& name : names) {
    const std::string bytes = read(path(folder + "/" + name));
    EXPECT_NE(bytes, "") << folder << "/" << name;
    EXPECT_EQ(bytes, read(path(other + "/" + name))) << name << " of " << folder << " and " << other;
  }
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool python_has(const std::string& modules) {
  return std::system(("python3 -c 'import " + modules + "' 2> /dev/null").c_str()) == 0;
}

int schema_fault(const std::string& name, const std::string& file) {
  const std::string check =
      "python3 -c \"import json, sys, jsonschema; "
      "jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))"
      ".validate(json.load(open(sys.argv[2])))\" " TAILRACE_SOURCE_DIR "/docs/" +
      name + ".schema.json " + file;
  return std::system(check.c_str());
}

bool is_xml(const std::string& file) {
  const std::string read = "python3 -c \"import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])\" ";
  return std::system((read + file).c_str()) == 0;
}

}  // namespace tailrace::tests
