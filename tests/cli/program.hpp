#pragma once
// Runs the program as a user's shell would: its own process, pipes on its output, limits and signals as
// asked.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.hpp"

namespace tailrace::tests {

struct Finished {
  int exit_code = -1;  // 1000 + signal when a signal killed it
  std::string out, err;
  double seconds = 0;  // from the start, or from the first signal where one was sent
};

struct Conditions {
  long file_bytes = -1;     // RLIMIT_FSIZE
  long memory_bytes = -1;   // RLIMIT_AS
  std::string stdout_to{};  // a path in place of a pipe
  bool stdout_closed = false;
  bool stdout_abandoned = false;  // a pipe whose reader has left
  // The first one after so many seconds of the processor, however busy the machine is; the others so much
  // later than the first as their times say.
  std::vector<std::pair<double, int>> signals{};
  std::vector<std::string> environment{};  // NAME=VALUE, added to LANG=C.UTF-8
};

Finished run_program(const std::vector<std::string>& arguments, const Conditions& conditions = {});

bool contains(const std::string& text, const std::string& part);
std::size_t count_lines(const std::string& text);

// Whether there is a Python that can import them: "jsonschema, yaml".
bool python_has(const std::string& modules);
// 0 where the file fits docs/NAME.schema.json, by Python's jsonschema; its complaint is on standard error.
int schema_fault(const std::string& name, const std::string& file);
bool is_xml(const std::string& file);

// A folder of its own for each test, with scenarios in it.
class Program : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) const;
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  static std::string read(const std::string& path);
  static nlohmann::json json_file(const std::string& path) { return nlohmann::json::parse(read(path)); }
  // Both folders have the files, with the same bytes in them.
  void expect_same(const std::string& folder, const std::string& other,
                   const std::vector<std::string>& names) const;

  const TemporaryFolder temporary_;
  const std::filesystem::path& folder_ = temporary_.path();
};

// Utilisation 0.8, about 1,600 requests in a replication.
inline constexpr const char* kQueue = R"(tailrace: 1
name: one queue
run: {duration: 20s, warmup: 2s, replications: 4, seed: 1}
workloads: {load: {constant_arrival_rate: 80/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
)";

}  // namespace tailrace::tests
