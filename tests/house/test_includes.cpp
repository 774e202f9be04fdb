// The arrows of ARCHITECTURE.md, read from the #include lines. A file includes from its own folder or from
// one to the left; a library that is heavy or weak stays behind the one folder that wraps it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "models/catalog.hpp"
#include "tests/house/files.hpp"

namespace tailrace::house {
namespace {

// Folders of one rank do not include each other.
const std::map<std::string, int>& ranks() {
  static const std::map<std::string, int> table = {{"sim", 0},       {"models", 1}, {"analysis", 2},
                                                   {"scenarios", 3}, {"viewer", 4}, {"cli", 4}};
  return table;
}

struct Library {
  std::string header;              // how its headers begin
  std::vector<std::string> homes;  // where they may be included
  bool only_in_sources;            // not in headers: what they cost stays in one translation unit
};
const std::vector<Library>& libraries() {
  static const std::vector<Library> table = {
      {"yaml-cpp/", {"scenarios/format/"}, true},
      {"Eigen/", {"analysis/queueing/"}, true},
      {"boost/", {"analysis/graph/", "cli/cluster.cpp"}, true},
      {"CLI/", {"cli/", "viewer/main.cpp"}, false},
      {"GL/", {"viewer/surface/"}, false},
      {"EGL/", {"viewer/surface/"}, true},
      {"GLFW/", {"viewer/surface/"}, true},
      {"imgui", {"viewer/surface/", "viewer/widgets/", "viewer/panels/", "viewer/app"}, false},
      {"backends/imgui", {"viewer/surface/"}, true},
      {"stb_", {"viewer/surface/"}, true},
      {"nlohmann/", {"scenarios/import/", "viewer/model/", "cli/"}, true},
      {"sqlite3", {"cli/sqlite_file.cpp"}, true},
  };
  return table;
}

// Of the kinds, below models/: these must not see each other.
const std::set<std::string>& kind_folders() {
  static const std::set<std::string> folders = [] {
    std::set<std::string> all;
    for (const models::Kind& kind : models::kinds()) all.insert(kind.name == "vpcs" ? "vpc" : kind.name);
    return all;
  }();
  return folders;
}

std::string folder_at(const std::string& path, int level) {
  std::string rest = path;
  for (int i = 0; i < level; ++i) {
    const auto slash = rest.find('/');
    if (slash == std::string::npos) return "";
    rest = rest.substr(slash + 1);
  }
  const auto slash = rest.find('/');
  return slash == std::string::npos ? "" : rest.substr(0, slash);
}

std::vector<std::string> faults_of(const SourceText& file) {
  std::vector<std::string> faults;
  const std::string own = folder_at(file.path, 0);
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::string& line = file.lines[i];
    if (!starts_with(line, "#include ") || line.size() < 12) continue;
    const char open = line[9];
    const auto close = line.find(open == '<' ? '>' : '"', 10);
    const std::string target = line.substr(10, close - 10);
    const auto fault = [&](const std::string& what) {
      faults.push_back(file.path + ":" + std::to_string(i + 1) + ": " + target + ": " + what);
    };
    for (const Library& library : libraries()) {
      if (!starts_with(target, library.header)) continue;
      const bool home =
          std::any_of(library.homes.begin(), library.homes.end(),
                      [&](const std::string& folder) { return starts_with(file.path, folder); });
      if (!home) fault("belongs to " + library.homes.front() + " alone");
      if (library.only_in_sources && ends_with(file.path, ".hpp")) fault("must not stand in a header");
    }
    if (open == '<') {
      if (ranks().count(folder_at(target, 0)) != 0) fault("our own headers stand in quotes");
      continue;
    }
    const auto to = ranks().find(folder_at(target, 0));
    if (to == ranks().end()) {
      fault("is not written from the root");
      continue;
    }
    if (to->first != own && to->second >= ranks().at(own)) fault(own + " lies to the left of " + to->first);
    if (own != "models") continue;
    const std::string mine = folder_at(file.path, 1);
    const std::string other = folder_at(target, 1);
    if ((mine == "policies" || mine == "policy") && starts_with(target, "sim/engine/")) {
      fault("a policy answers with a value; the engine is the caller's");
    }
    if (kind_folders().count(mine) != 0 && to->first == "models" && kind_folders().count(other) != 0 &&
        mine != other) {
      fault("kinds do not know each other");
    }
  }
  return faults;
}

TEST(Includes, follow_the_order_of_the_folders) {
  std::vector<std::string> faults;
  std::size_t files = 0;
  for (const auto& [folder, rank] : ranks()) {
    for (const SourceText& file : read_files(folder, {".hpp", ".cpp"})) {
      ++files;
      for (const std::string& fault : faults_of(file)) faults.push_back(fault);
    }
  }
  EXPECT_GT(files, 100u) << "the sources were not found";
  EXPECT_TRUE(faults.empty()) << listed(faults);
}

TEST(Includes, of_kinds_are_looked_at_in_every_kinds_folder) {
  for (const std::string& folder : kind_folders())
    EXPECT_TRUE(std::filesystem::is_directory(TAILRACE_SOURCE_DIR "/models/" + folder)) << folder;
}

TEST(Includes, of_our_own_name_files_that_exist) {
  std::vector<std::string> faults;
  for (const auto& [folder, rank] : ranks()) {
    for (const SourceText& file : read_files(folder, {".hpp", ".cpp"})) {
      for (const std::string& line : file.lines) {
        if (!starts_with(line, "#include \"")) continue;
        const std::string target = line.substr(10, line.find('"', 10) - 10);
        if (!std::filesystem::exists(std::filesystem::path(TAILRACE_SOURCE_DIR) / target)) {
          faults.push_back(file.path + ": " + target);
        }
      }
    }
  }
  EXPECT_TRUE(faults.empty()) << listed(faults);
}

// The reader above, shown that it sees: one wrong line each.
TEST(Includes, that_break_a_rule_are_found) {
  const auto count = [](const std::string& path, const std::string& line) {
    return faults_of({path, {"#pragma once", line}}).size();
  };
  EXPECT_EQ(count("sim/base/time.hpp", "#include \"models/catalog.hpp\""), 1u);
  EXPECT_EQ(count("viewer/app/app.cpp", "#include \"cli/run.hpp\""), 1u);
  EXPECT_EQ(count("models/catalog.cpp", "#include \"catalog.hpp\""), 1u);
  EXPECT_EQ(count("models/catalog.cpp", "#include <sim/base/time.hpp>"), 1u);
  EXPECT_EQ(count("cli/main.cpp", "#include <yaml-cpp/yaml.h>"), 1u);
  EXPECT_EQ(count("analysis/queueing/network.hpp", "#include <Eigen/Dense>"), 1u);
  EXPECT_EQ(count("models/policies/retry/retry.cpp", "#include \"sim/engine/calendar.hpp\""), 1u);
  EXPECT_EQ(count("models/service/service.cpp", "#include \"models/database/database.hpp\""), 1u);
  EXPECT_EQ(count("models/log/log.cpp", "#include \"models/broker/broker.hpp\""), 1u);

  EXPECT_EQ(count("models/service/service.cpp", "#include \"sim/base/time.hpp\""), 0u);
  EXPECT_EQ(count("scenarios/format/yaml_tree.cpp", "#include <yaml-cpp/yaml.h>"), 0u);
  EXPECT_EQ(count("cli/main.cpp", "#include \"scenarios/run/replicate.hpp\""), 0u);
}

}  // namespace
}  // namespace tailrace::house
