// The library as a user meets it: listed, shown, run by name; and what the command line says of itself.
#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

TEST_F(Program, TheTableOfPatternsInDocsIsTheOneThatTheProgramWrites) {
  EXPECT_EQ(run_program({"list", "--markdown"}).out, read(TAILRACE_SOURCE_DIR "/docs/patterns.md"))
      << "run `tailrace list --markdown > docs/patterns.md`";
}

TEST_F(Program, TheLibraryIsListedByTopicAndByWord) {
  const Finished all = run_program({"list"});
  EXPECT_EQ(all.exit_code, 0);
  EXPECT_NE(all.out.find("\nSurviving\n"), std::string::npos) << all.out;
  EXPECT_NE(all.out.find("  retry-storm "), std::string::npos);
  const Finished some = run_program({"list", "STAMPEDE"});
  EXPECT_NE(some.out.find("  cache-stampede "), std::string::npos);
  EXPECT_EQ(some.out.find("retry-storm"), std::string::npos);
  EXPECT_EQ(run_program({"list", "no such thing"}).exit_code, 2);
  const auto listed = nlohmann::json::parse(run_program({"list", "retry storm", "--format", "json"}).out);
  ASSERT_EQ(listed["scenarios"].size(), 1U);
  EXPECT_EQ(listed["scenarios"][0]["name"], "retry-storm");
  EXPECT_EQ(listed["scenarios"][0]["variants"][0], "drop_expired");
}

TEST_F(Program, AScenarioOfTheLibraryRunsByItsNameFromAnywhere) {
  const std::vector<std::string> brief = {"--duration", "60s", "--replications", "2", "--format", "json"};
  std::vector<std::string> by_name = {"run", "mm1"},
                           by_path = {"run", TAILRACE_SOURCE_DIR "/scenarios/library/mm1.yaml"};
  for (const std::string& word : brief) {
    by_name.push_back(word);
    by_path.push_back(word);
  }
  const auto named = nlohmann::json::parse(run_program(by_name).out);
  const auto placed = nlohmann::json::parse(run_program(by_path).out);
  EXPECT_EQ(named["fingerprints"], placed["fingerprints"]);
  EXPECT_TRUE(named.contains("fingerprints"));
}

TEST_F(Program, AFileGoesBeforeAScenarioOfTheSameName) {
  file("mm1", "tailrace: 2\n");
  const Finished run = run_program({"check", path("mm1")});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_NE(run.err.find("mm1:1:"), std::string::npos) << run.err;
}

TEST_F(Program, ANameThatIsNotThereMeetsTheNearestOne) {
  const Finished run = run_program({"run", "retry-strom"});
  EXPECT_EQ(run.exit_code, 5);
  EXPECT_NE(run.err.find("did you mean retry-storm"), std::string::npos) << run.err;
  const Finished show = run_program({"show", "retry-strom"});
  EXPECT_EQ(show.exit_code, 2);
  EXPECT_NE(show.err.find("did you mean retry-storm"), std::string::npos) << show.err;
}

TEST_F(Program, ShowPrintsWhatIsInTheFile) {
  EXPECT_EQ(run_program({"show", "retry-storm"}).out,
            read(TAILRACE_SOURCE_DIR "/scenarios/library/retry-storm.yaml"));
}

TEST_F(Program, TheManualAndTheCompletionsKnowEveryCommand) {
  const std::string help = run_program({"--help"}).out;
  const std::string manual = run_program({"manual"}).out;
  const std::string bash = run_program({"completion", "bash"}).out;
  const std::string fish = run_program({"completion", "fish"}).out;
  std::istringstream lines(help.substr(help.find("Subcommands:")));
  int commands = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 3 || line.substr(0, 2) != "  " || line[2] == ' ') continue;
    const std::string name = line.substr(2, line.find(' ', 2) - 2);
    EXPECT_NE(manual.find(".SS tailrace " + name + "\n"), std::string::npos) << name;
    EXPECT_NE(bash.find("    " + name + ") words="), std::string::npos) << name;
    EXPECT_NE(fish.find("-a " + name + " "), std::string::npos) << name;
    ++commands;
  }
  EXPECT_GE(commands, 10);
  for (const std::string name : {"run", "compare", "metastability", "rare", "sensitivity", "show"})
    EXPECT_NE(fish.find("from " + name + "' -a 'audit-logging "), std::string::npos) << name;
  // Who takes a value says which; flags take none.
  EXPECT_TRUE(contains(manual, "\n\\fB\\-\\-jobs\\fR, \\fB\\-j\\fR \\fIN\\fR\n")) << manual;
  EXPECT_TRUE(contains(manual, "\n\\fB\\-\\-quiet\\fR, \\fB\\-q\\fR\n")) << manual;
  EXPECT_TRUE(contains(fish, "from run' -l out -r -d ")) << fish;
  EXPECT_TRUE(contains(fish, "from run' -l quiet -s q -d ")) << fish;
  EXPECT_TRUE(contains(fish, "from run' -l format -r -f -a 'text json csv' -d ")) << fish;
  const std::string zsh = run_program({"completion", "zsh"}).out;
  EXPECT_EQ(zsh.rfind("#compdef tailrace\n", 0), 0u) << zsh;
  EXPECT_TRUE(contains(zsh, bash));
  EXPECT_TRUE(contains(zsh, "then _bash_complete -o filenames -F _tailrace; fi\n")) << zsh;
  EXPECT_EQ(run_program({"completion", "tcsh"}).exit_code, 2);
}

}  // namespace
}  // namespace tailrace::tests
