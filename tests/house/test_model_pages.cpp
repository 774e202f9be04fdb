// The model pages (docs/models/) say of each part of the catalog what is modelled, what is left out, what
// holds it and whose defaults it has. Held here: every part has its section, with all four; the cases, tests
// and scenarios that a section names exist; and the defaults that it names are those of the program, each
// number of them among them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "models/catalog.hpp"
#include "models/topology/build.hpp"
#include "tests/house/files.hpp"

namespace tailrace::house {
namespace {

using models::Field;
using models::FieldTable;
using models::FieldType;

constexpr std::array<const char*, 4> kLeads = {"Modelled", "Left out", "Tested", "Defaults"};

struct Section {
  std::string page, name;
  std::map<std::string, std::string> parts;  // by lead
};

std::vector<Section> sections(const std::string& page) {
  const std::string text = read_text("docs/models/" + page);
  static const std::regex kHeading(R"((?:^|\n)## (\w+)\n)"), kLead(R"((?:^\n|\n\n)\*\*([\w ]+)\.\*\*\s)");
  std::vector<Section> all;
  for (std::sregex_iterator m(text.begin(), text.end(), kHeading), end; m != end; ++m) {
    const auto from = static_cast<std::size_t>(m->position() + m->length());
    const std::string body = text.substr(from, text.find("\n## ", from) - from);
    Section section{page, (*m)[1].str(), {}};
    for (std::sregex_iterator l(body.begin(), body.end(), kLead); l != end; ++l) {
      const auto begin = static_cast<std::size_t>(l->position() + l->length());
      section.parts[(*l)[1].str()] = body.substr(begin, body.find("\n\n", begin) - begin);
    }
    all.push_back(std::move(section));
  }
  return all;
}

std::vector<std::string> quoted(const std::string& text) {
  static const std::regex kQuoted("`([^`]+)`");
  std::vector<std::string> all;
  for (std::sregex_iterator m(text.begin(), text.end(), kQuoted), end; m != end; ++m)
    all.push_back(std::regex_replace((*m)[1].str(), std::regex("\\s+"), " "));
  return all;
}

const Field* field_of(const FieldTable& table, const std::string& name) {
  const auto found = std::find_if(table.fields.begin(), table.fields.end(),
                                  [&](const Field& field) { return field.name == name; });
  return found == table.fields.end() ? nullptr : &*found;
}

FieldTable section_of(const FieldTable& table, const std::string& name) {
  const Field* field = field_of(table, name);
  return field != nullptr && field->section ? *field->section : FieldTable{};
}

struct Part {
  std::string name;
  FieldTable fields;
};

// What each page has to describe.
std::map<std::string, std::vector<Part>> catalog() {
  std::map<std::string, std::vector<Part>> pages;
  for (const models::Kind& kind : models::kinds()) {
    pages["components.md"].push_back({kind.name, kind.fields});
    if (kind.name == "service")
      pages["components.md"].push_back({"autoscaling", section_of(kind.fields, "autoscaling")});
  }
  for (const char* name : {"deployments", "slos"})
    pages["components.md"].push_back({name, section_of(models::scenario_fields(), name)});
  for (const models::StepKind& step : models::step_kinds())
    pages["steps.md"].push_back({step.name, step.fields});
  for (const models::PolicyInfo& policy : models::policies())
    pages["policies.md"].push_back({policy.name, policy.fields});
  for (const models::FaultInfo& fault : models::fault_types())
    pages["faults.md"].push_back({fault.name, fault.fields});
  return pages;
}

// A number that somebody chose: its source belongs on the page. Nothing, one, all and off need none.
bool chosen(const Field& field) {
  switch (field.type) {
    case FieldType::duration:
    case FieldType::rate:
    case FieldType::bandwidth:
    case FieldType::size:
    case FieldType::fraction:
    case FieldType::count:
    case FieldType::limit:
    case FieldType::number:
    case FieldType::time_distribution:
    case FieldType::size_distribution:
    case FieldType::count_distribution:
      break;
    default:
      return false;
  }
  static const std::set<std::string> kPlain = {"", "0", "0s", "0%", "0/s", "1", "100%", "unlimited"};
  return kPlain.count(field.fallback) == 0;
}

struct Default {
  std::string text;  // "interval: 10s"
  bool chosen;
};

void collect(const FieldTable& table, std::vector<Default>& defaults) {
  for (const Field& field : table.fields) {
    if (!field.fallback.empty()) defaults.push_back({field.name + ": " + field.fallback, chosen(field)});
    // Described once, at their own names.
    if (field.section && !field.own_page && field.name != "autoscaling") collect(*field.section, defaults);
  }
}

TEST(ModelPages, EveryPartHasItsSectionAndEverySectionItsPart) {
  for (const auto& [page, parts] : catalog()) {
    std::set<std::string> wanted;
    for (const Part& part : parts) wanted.insert(part.name);
    for (const Section& section : sections(page)) {
      EXPECT_EQ(wanted.erase(section.name), 1U) << page << ": " << section.name << " is not in the catalog";
      for (const char* lead : kLeads)
        EXPECT_FALSE(section.parts.find(lead) == section.parts.end() || section.parts.at(lead).empty())
            << page << ": " << section.name << " does not say \"" << lead << "\"";
      EXPECT_EQ(section.parts.size(), kLeads.size()) << page << ": " << section.name;
    }
    EXPECT_TRUE(wanted.empty()) << page << " does not describe\n" << listed({wanted.begin(), wanted.end()});
  }
}

TEST(ModelPages, WhatHoldsAPartExists) {
  std::set<std::string> known;
  static const std::regex kCase("`([\\w.-]+)`"), kTest(R"(TEST(?:_F|_P)?\((\w+),\s*(\w+)\))");
  const std::string validation = read_text("docs/validation.md");
  for (std::sregex_iterator m(validation.begin(), validation.end(), kCase), end; m != end; ++m)
    known.insert((*m)[1].str());
  for (const SourceText& file : read_files("tests", {".cpp"})) {
    std::string text;
    for (const std::string& line : file.lines) text += line + "\n";
    for (std::sregex_iterator m(text.begin(), text.end(), kTest), end; m != end; ++m)
      known.insert((*m)[1].str() + "." + (*m)[2].str());
  }
  int checked = 0;
  for (const auto& entry : catalog()) {
    for (const Section& section : sections(entry.first)) {
      const std::vector<std::string> named = quoted(section.parts.at("Tested"));
      EXPECT_FALSE(named.empty()) << section.page << ": nothing holds " << section.name;
      for (const std::string& name : named) {
        ++checked;
        const bool scenario =
            std::filesystem::exists(std::string(TAILRACE_SOURCE_DIR "/scenarios/library/") + name + ".yaml");
        EXPECT_TRUE(scenario || known.count(name) == 1)
            << section.page << ": " << section.name << ": there is no case, test or scenario " << name;
      }
    }
  }
  EXPECT_GT(checked, 250);
}

TEST(ModelPages, DefaultsAreThoseOfTheProgramAndEachChosenNumberIsNamed) {
  int checked = 0;
  for (const auto& [page, parts] : catalog()) {
    const std::vector<Section> all = sections(page);
    for (const Part& part : parts) {
      const auto section =
          std::find_if(all.begin(), all.end(), [&](const Section& s) { return s.name == part.name; });
      if (section == all.end()) continue;  // told above
      std::vector<Default> defaults;
      collect(part.fields, defaults);
      const std::vector<std::string> named = quoted(section->parts.at("Defaults"));
      for (const Default& one : defaults) {
        if (!one.chosen) continue;
        ++checked;
        EXPECT_NE(std::find(named.begin(), named.end(), one.text), named.end())
            << page << ": " << part.name << " does not say whose `" << one.text << "` is";
      }
      for (const std::string& text : named) {
        if (text.find(": ") == std::string::npos) continue;
        const bool there = std::any_of(defaults.begin(), defaults.end(),
                                       [&](const Default& one) { return one.text == text; });
        EXPECT_TRUE(there) << page << ": " << part.name << " has no default `" << text << "`";
      }
    }
  }
  EXPECT_GT(checked, 120);
}

}  // namespace
}  // namespace tailrace::house
