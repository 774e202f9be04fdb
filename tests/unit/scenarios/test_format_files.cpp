// Scenarios in files: what cannot be read, includes and their limits, and overrides from the command line.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "scenarios/format/read.hpp"

namespace tailrace::scenarios {
namespace {

namespace fs = std::filesystem;
using models::Diagnostics;

class Files : public testing::Test {
 protected:
  Files() {
    base_ = fs::temp_directory_path() / ("tailrace_format_" + std::to_string(getpid()));
    fs::remove_all(base_);
    folder_ = base_ / "project";
    fs::create_directories(folder_ / "parts");
    write("../secret.yaml", "password: hunter2\n");
  }
  ~Files() override { fs::remove_all(base_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  ReadResult read(const std::string& name, const ReadOptions& options = {}) {
    diagnostics_ = Diagnostics();
    ReadResult r = read_scenario((folder_ / name).string(), options, diagnostics_);
    faults_ = models::format_diagnostics(diagnostics_, r.doc.files);
    for (std::size_t at; (at = faults_.find(folder_.string() + "/")) != std::string::npos;) {
      faults_.erase(at, folder_.string().size() + 1);
    }
    return r;
  }

  fs::path base_;
  fs::path folder_;
  Diagnostics diagnostics_;
  std::string faults_;
};

TEST_F(Files, WhatCannotBeReadIsNotTheScenariosFault) {
  EXPECT_EQ(read("none.yaml").status, ReadStatus::unreadable);
  EXPECT_EQ(faults_, "none.yaml: error: cannot read: No such file or directory\n");
  EXPECT_EQ(read("parts").status, ReadStatus::unreadable);
  EXPECT_EQ(faults_, "parts: error: cannot read: it is a folder\n");
  write("list.yaml", "- a\n");
  EXPECT_EQ(read("list.yaml").status, ReadStatus::invalid);
}

TEST_F(Files, ATooLargeFileIsRefused) {
  ReadOptions options;
  options.max_file_bytes = 5;
  write("a.yaml", "a: 123\n");
  EXPECT_EQ(read("a.yaml", options).status, ReadStatus::invalid);
  EXPECT_EQ(faults_, "a.yaml: error: the file is larger than 5 bytes\n");
}

TEST_F(Files, IncludedMapsMergeKeyByKey) {
  write("a.yaml", "include: [parts/b.yaml, parts/c.yaml]\nservices: {x: {cpus: 1}}\n");
  write("parts/b.yaml", "services:\n  x: {workers: 2}\n  y: {cpus: 3}\n");
  write("parts/c.yaml", "include: d.yaml\nname: shop\n");
  write("parts/d.yaml", "seed: 7\n");
  const ReadResult r = read("a.yaml");
  ASSERT_EQ(r.status, ReadStatus::ok) << faults_;
  const models::Node& root = r.doc.root;
  EXPECT_EQ(root.find("include"), nullptr);
  EXPECT_EQ(root.find("services")->find("x")->find("cpus")->text, "1");
  EXPECT_EQ(root.find("services")->find("x")->find("workers")->text, "2");
  EXPECT_EQ(root.find("services")->find("y")->find("cpus")->text, "3");
  EXPECT_EQ(root.find("name")->text, "shop");
  EXPECT_EQ(root.find("seed")->text, "7");
  // Places and folders are those of the file a value came from.
  EXPECT_EQ(r.doc.files[root.find("seed")->mark.file].name, (folder_ / "parts/d.yaml").string());
  EXPECT_EQ(r.doc.files[root.find("seed")->mark.file].directory, fs::canonical(folder_ / "parts").string());
}

TEST_F(Files, TheSameValueInTwoFilesShowsBothPlaces) {
  write("a.yaml", "include: b.yaml\nservices: {x: {cpus: 1}}\n");
  write("b.yaml", "services:\n  x: {cpus: 2}\n");
  EXPECT_EQ(read("a.yaml").status, ReadStatus::invalid);
  EXPECT_EQ(faults_,
            "b.yaml:2:7: error: services.x.cpus: this is given in two files\n"
            "    2 |   x: {cpus: 2}\n"
            "      |       ^\n"
            "a.yaml:2:16: note: also given here\n"
            "    2 | services: {x: {cpus: 1}}\n"
            "      |                ^\n");
}

TEST_F(Files, AnIncludeCannotLeaveTheFolder) {
  fs::create_symlink("../secret.yaml", folder_ / "link.yaml");
  fs::create_directory_symlink("..", folder_ / "up");
  for (const std::string& name :
       {std::string("../secret.yaml"), std::string("parts/../../secret.yaml"),
        (base_ / "secret.yaml").string(), std::string("link.yaml"), std::string("up/secret.yaml"),
        std::string("/etc/passwd"), std::string("../missing.yaml")}) {
    write("a.yaml", "include: " + name + "\n");
    EXPECT_EQ(read("a.yaml").status, ReadStatus::invalid) << name;
    EXPECT_NE(faults_.find("a.yaml:1:10: error: include: include leaves the scenario's folder\n"),
              std::string::npos)
        << faults_;
    EXPECT_EQ(faults_.find("hunter2"), std::string::npos);
  }
  ReadOptions trusting;
  trusting.allow_outside_includes = true;
  write("a.yaml", "include: ../secret.yaml\n");
  EXPECT_EQ(read("a.yaml", trusting).doc.root.find("password")->text, "hunter2");
}

TEST_F(Files, AnIncludeCycleShowsItsChain) {
  write("a.yaml", "include: b.yaml\n");
  write("b.yaml", "include: a.yaml\n");
  EXPECT_EQ(read("a.yaml").status, ReadStatus::invalid);
  EXPECT_EQ(faults_,
            "b.yaml:1:10: error: include: include cycle: a.yaml -> b.yaml -> a.yaml\n"
            "    1 | include: a.yaml\n"
            "      |          ^\n");
}

TEST_F(Files, IncludesAreBoundedInDepth) {
  for (int i = 0; i < 1000; ++i) {
    write("f" + std::to_string(i) + ".yaml", "include: f" + std::to_string(i + 1) + ".yaml\n");
  }
  EXPECT_EQ(read("f0.yaml").status, ReadStatus::invalid);
  EXPECT_NE(faults_.find("f16.yaml:1:10: error: include: includes go deeper than 16: f0.yaml -> f1.yaml -> "),
            std::string::npos)
      << faults_;
}

TEST_F(Files, AMissingOrBrokenIncludeIsShownWhereItIsNamed) {
  write("a.yaml", "include: nope.yaml\n");
  EXPECT_EQ(read("a.yaml").status, ReadStatus::invalid);
  EXPECT_EQ(faults_,
            "a.yaml:1:10: error: include: nope.yaml: cannot read: No such file or directory\n"
            "    1 | include: nope.yaml\n"
            "      |          ^\n");
  write("a.yaml", "include: [b.yaml, b.yaml]\n");
  write("b.yaml", "- x\n");
  read("a.yaml");
  EXPECT_NE(faults_.find("b.yaml:1:1: error: expected a mapping, found a list\n"), std::string::npos);
  EXPECT_NE(faults_.find("a.yaml:1:11: note: included from here\n"), std::string::npos);
  EXPECT_NE(faults_.find("a.yaml:1:19: error: include[1]: b.yaml is included twice\n"), std::string::npos);
}

std::string overridden(const std::string& override_text, models::Node* root = nullptr) {
  ReadOptions options;
  options.overrides = {override_text};
  Diagnostics d;
  ReadResult r = read_scenario_text("a: {b: [1, {c: 1}], s: x, n: }\nt: {x.y: 1}\n", "t.yaml", options, d);
  if (root != nullptr) *root = std::move(r.doc.root);
  return models::format_diagnostics(d, r.doc.files);
}

TEST(Overrides, ReplaceAndCreate) {
  models::Node root;
  EXPECT_EQ(overridden("a.s=5ms", &root), "");
  EXPECT_EQ(root.find("a")->find("s")->text, "5ms");
  EXPECT_EQ(root.find("a")->find("s")->mark.file, 1u);
  EXPECT_EQ(root.find("a")->find("s")->mark.column, 5u);
  EXPECT_EQ(overridden("a.b[1].c=2", &root), "");
  EXPECT_EQ(root.find("a")->find("b")->items[1].find("c")->text, "2");
  EXPECT_EQ(overridden("a.b.0={x: [1, f(2, 3)]}", &root), "");
  EXPECT_EQ(root.find("a")->find("b")->items[0].find("x")->items[1].text, "f(2, 3)");
  EXPECT_EQ(overridden("a.n.new.leaf=\"4\"", &root), "");
  EXPECT_TRUE(root.find("a")->find("n")->find("new")->find("leaf")->quoted);
  EXPECT_EQ(overridden("t.\"x.y\"=7", &root), "");
  EXPECT_EQ(root.find("t")->find("x.y")->text, "7");
  EXPECT_EQ(overridden("t.x.y=8", &root), "");  // an existing key that holds a dot needs no quotes
  EXPECT_EQ(root.find("t")->find("x.y")->text, "8");
  EXPECT_EQ(root.find("t")->entries.size(), 1u);
}

TEST(Overrides, FaultsPointIntoTheOverride) {
  EXPECT_EQ(overridden("a.b[5]=2"),
            "--set:1:4: error: a.b: index 5 is out of range: the list has 2 items\n"
            "    1 | a.b[5]=2\n"
            "      |    ^\n"
            "      = hint: the first item is [0]\n");
  EXPECT_EQ(overridden("a.s.t=2"),
            "--set:1:5: error: a.s: this is a single value, it has no key t\n"
            "    1 | a.s.t=2\n"
            "      |     ^\n");
  EXPECT_EQ(overridden("a.b.c"),
            "--set:1:6: error: expected = and a value\n"
            "    1 | a.b.c\n"
            "      |      ^\n"
            "      = hint: write PATH=VALUE, such as services.cart.replicas=4\n");
  const auto head = [](const std::string& text) {
    const std::string all = overridden(text);
    return all.substr(0, all.find('\n'));
  };
  EXPECT_EQ(head("a..b=2"), "--set:1:3: error: a key is missing in the path");
  EXPECT_EQ(head("a.b[x]=2"), "--set:1:4: error: expected an index like [2]");
  EXPECT_EQ(head("a[0]=2"), "--set:1:2: error: a: this is not a list, it has no index");
  EXPECT_EQ(head("a.b="), "--set:1:5: error: a.b: expected a value after =");
  EXPECT_EQ(head("a.b=- 5ms"), "--set:1:5: error: a.b: an override takes flow style");
  EXPECT_EQ(head("a.b={x: 1"), "--set:1:5: error: a.b: the bracket is not closed");
  EXPECT_EQ(head("a.b=\"x"), "--set:1:5: error: a.b: the quote is not closed");
  EXPECT_EQ(head("a.b={x: 1, x: 2}"), "--set:1:12: error: a.b: duplicate key x");
  EXPECT_EQ(head("include=x"), "--set:1:1: error: include: include cannot be set");
  EXPECT_EQ(head("a=1\nb=2"), "--set:1: error: an override is one line");
}

}  // namespace
}  // namespace tailrace::scenarios
