// A real window under Xvfb, driven by xdotool as a person would: a click on a component, a value edited, a
// fault injected, the time scrubbed, all of it saved. Where to click is asked of the same application on the
// null surface; what came of it is read from the files that the window wrote.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/viewer_gui/driver.hpp"

namespace tailrace::viewer {
namespace {

namespace fs = std::filesystem;
constexpr int kWidth = 1280, kHeight = 1500;  // high enough that nothing must be scrolled

bool has(const char* program) {
  return std::system(fmt::format("command -v {} >/dev/null 2>&1", program).c_str()) == 0;
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string click_at(ImVec2 at) {
  return fmt::format(
      "xdotool mousemove {:.0f} {:.0f}; pause; xdotool mousedown 1; pause; xdotool mouseup 1; pause\n", at.x,
      at.y);
}

// Before anything is drawn: no display is needed.
TEST(CommandLine, ThatCannotBeShownIsAnErrorThatSaysWhy) {
  const fs::path folder = fs::path(testing::TempDir()) / fmt::format("tailrace_view_{}", getpid());
  fs::create_directories(folder);
  std::ofstream(folder / "shop.yaml") << kShop;
  const auto said = [&](const std::string& arguments) {
    const int status = std::system(fmt::format("cd '{}' && '{}' {} --screenshot x.png 2>err", folder.string(),
                                               TAILRACE_VIEW_BINARY, arguments)
                                       .c_str());
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 2) << arguments;
    return read(folder / "err");
  };
  EXPECT_THAT(said("shop.yaml --at 61s"), testing::HasSubstr("--at: the run ends at 1:00"));
  EXPECT_THAT(said("shop.yaml --range 60s..61s"), testing::HasSubstr("--range: the run ends at 1:00"));
  EXPECT_THAT(said("shop.yaml --frames 3"), testing::HasSubstr("--every"));
  EXPECT_THAT(said("--lesson nope"), testing::HasSubstr("no lesson 'nope'; there are async-lag, "));
  fs::remove_all(folder);
}

TEST(Window, IsDrivenByMouseAndKeys) {
  for (const char* program : {"xvfb-run", "xdotool", "timeout"})
    if (!has(program)) GTEST_SKIP() << program << " is not installed (packages xvfb, xauth, xdotool)";

  // The same steps without a window, for the places.
  std::string steps;
  {
    Driver d(kShop, {}, kWidth, kHeight);
    d.settle(40);
    ImVec2 at;
    ASSERT_TRUE(d.app().topology().where(d.node("stock"), at));
    steps += click_at(at);
    d.click(at);
    ASSERT_TRUE(d.app().inspector().where("services.stock.workers", at));
    steps += click_at(at) + "chord a; xdotool type 6; pause; press Return; pause; pause\n";
    d.click(at);
    d.key('A', true);
    d.type("6");
    d.key(kKeyEnter);
    ASSERT_EQ(d.session().edits().size(), 1u);
    d.settle(40);
    ASSERT_TRUE(d.app().topology().where(d.node("orders"), at));
    steps += click_at(at);
    d.click(at);
    ASSERT_TRUE(d.app().inspector().where("inject", at));
    ASSERT_LT(at.y, kHeight - 10) << "the button is in view";
    steps += click_at(at) + "pause; pause; pause\n";
    d.click(at);
    ASSERT_EQ(d.session().edits().size(), 2u);
    d.settle(40);
    steps += click_at(d.app().time().where(50));
  }

  const fs::path folder = fs::path(testing::TempDir()) / fmt::format("tailrace_window_{}", getpid());
  fs::create_directories(folder);
  std::ofstream(folder / "shop.yaml") << kShop;
  std::ofstream(folder / "drive.sh")
      << "cd '" << folder.string() << "'\n"
      << "pause() { sleep 0.7; }\n"
      // ImGui looks at keys once per frame: a press must last longer than one.
      << "press() { xdotool keydown $1; pause; xdotool keyup $1; pause; }\n"
      << "chord() { xdotool keydown ctrl; pause; xdotool keydown $1; pause; "
      << "xdotool keyup $1; pause; xdotool keyup ctrl; pause; }\n"
      << "'" << TAILRACE_VIEW_BINARY << "' shop.yaml --at 40s --size " << kWidth << "x" << kHeight
      << " 2>viewer.err &\nviewer=$!\n"
      << "window=$(timeout 60 xdotool search --sync --onlyvisible --name tailrace | head -1)\n"
      << "xdotool windowmove $window 0 0; xdotool windowfocus $window; sleep 4\n"
      << steps << "xdotool mousemove 400 300; pause; press e\n"
      << "chord s\n"
      << "for i in $(seq 40); do [ -f shop-session.yaml ] && [ -f shop-50s.png -o -f shop-49s.png ] && "
         "break; sleep 0.5; done\n"
      << "chord q\n"
      << "wait $viewer; echo $? >code\n";
  const std::string command =
      fmt::format("timeout 150 xvfb-run -a -s '-screen 0 {}x{}x24' sh '{}' >'{}/log' 2>&1", kWidth, kHeight,
                  (folder / "drive.sh").string(), folder.string());
  const int status = std::system(command.c_str());
  const std::string log = read(folder / "log") + read(folder / "viewer.err");
  EXPECT_EQ(status, 0) << log;
  EXPECT_EQ(read(folder / "code"), "0\n") << log;

  const std::string saved = read(folder / "shop-session.yaml");
  ASSERT_FALSE(saved.empty()) << log;
  EXPECT_THAT(saved, testing::HasSubstr("workers: 6")) << "the value that was edited";
  EXPECT_THAT(saved, testing::HasSubstr("inject pod_kill on orders")) << "the fault that was injected";
  EXPECT_TRUE(fs::exists(folder / "shop-50s.png") || fs::exists(folder / "shop-49s.png"))
      << "the picture's name tells where time was scrubbed to";
  std::string error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".png") continue;
    const Pixels pixels = read_png(entry.path().string(), error);
    EXPECT_EQ(pixels.width, kWidth);
    EXPECT_EQ(pixels.height, kHeight);
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace tailrace::viewer
