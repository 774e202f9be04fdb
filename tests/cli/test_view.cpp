// `tailrace view` where no viewer was built beside the program.
#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

TEST_F(Program, ViewSaysHowToBuildWhatIsMissing) {
  std::filesystem::copy_file(TAILRACE_BINARY, folder_ / "tailrace");
  const std::string command =
      "'" + path("tailrace") + "' view any.yaml >'" + path("out") + "' 2>'" + path("err") + "'";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 5);
  EXPECT_EQ(read(path("out")), "");
  EXPECT_THAT(read(path("err")), testing::HasSubstr("tailrace-view"));
  EXPECT_THAT(read(path("err")), testing::HasSubstr("scripts/install-deps viewer"));
}

TEST_F(Program, ViewIsListedAmongTheCommands) {
  EXPECT_THAT(run_program({"--help"}).out, testing::HasSubstr("\n  view "));
}

}  // namespace
}  // namespace tailrace::tests
