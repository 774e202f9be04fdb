// A window by GLFW with OpenGL 3.3. It draws at the display's rate while something moves and sleeps
// otherwise.
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>

#include "viewer/surface/gl_functions.hpp"
#include "viewer/surface/surface.hpp"

namespace tailrace::viewer {

namespace {

class WindowSurface final : public Surface {
 public:
  explicit WindowSurface(const SurfaceOptions& options) : options_(options) {}

  ~WindowSurface() override {
    if (drawing_) ImGui_ImplOpenGL3_Shutdown();
    if (input_) ImGui_ImplGlfw_Shutdown();
    if (imgui_) ImGui::DestroyContext();
    if (window_ != nullptr) glfwDestroyWindow(window_);
    if (started_) glfwTerminate();
  }

  std::string open() {
    glfwSetErrorCallback([](int, const char* text) { last_error() = text; });
    started_ = glfwInit() == GLFW_TRUE;
    if (!started_) return "no window can be opened: " + last_error();
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
    glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
    window_ = glfwCreateWindow(options_.width, options_.height, options_.title.c_str(), nullptr, nullptr);
    if (window_ == nullptr) return "no window with OpenGL 3.3 can be opened: " + last_error();
    glfwMakeContextCurrent(window_);
    glfwSwapInterval(1);
    float x = 1, y = 1;
    glfwGetWindowContentScale(window_, &x, &y);
    scale_ = options_.scale > 0 ? options_.scale : std::clamp(std::max(x, y), 1.0f, 4.0f);

    IMGUI_CHECKVERSION();
    ImGui::CreateContext();
    imgui_ = true;
    ImGui::GetIO().IniFilename = nullptr;
    input_ = ImGui_ImplGlfw_InitForOpenGL(window_, true);
    glfwSetWindowUserPointer(window_, this);
    glfwSetKeyCallback(window_, key);
    drawing_ = ImGui_ImplOpenGL3_Init("#version 330");
    return input_ && drawing_ ? "" : "the drawing backend does not start";
  }

  bool begin_frame(double wait_s) override {
    for (const Key& k : held_back_) ImGui_ImplGlfw_KeyCallback(window_, k.key, k.code, GLFW_RELEASE, k.mods);
    held_back_.clear();
    pressed_.clear();
    if (wait_s > 0) {
      glfwWaitEventsTimeout(wait_s);
    } else {
      glfwPollEvents();
    }
    if (glfwWindowShouldClose(window_) != 0) return false;
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    ImGui::NewFrame();
    return true;
  }
  void end_frame() override {
    ImGui::Render();
    glfwGetFramebufferSize(window_, &width_, &height_);
    clear_framebuffer(width_, height_, background_);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    last_ = {};
    if (keep_) last_ = read_framebuffer(width_, height_);
    keep_ = false;
    glfwSwapBuffers(window_);
  }
  // A window's back buffer is undefined after the swap: the picture is taken with the next frame.
  Pixels read() override {
    keep_ = last_.empty();
    return last_;
  }
  float scale() const override { return scale_; }
  void fonts_changed() override {
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
  }

 private:
  struct Key {
    int key, code, mods;
  };
  // Keys are looked at once per frame: one that is pressed and let go between two frames is let go in the
  // next.
  static void key(GLFWwindow* window, int key, int code, int action, int mods) {
    auto& self = *static_cast<WindowSurface*>(glfwGetWindowUserPointer(window));
    if (action == GLFW_PRESS) self.pressed_.push_back(key);
    const bool fresh = std::find(self.pressed_.begin(), self.pressed_.end(), key) != self.pressed_.end();
    if (action == GLFW_RELEASE && fresh) {
      self.held_back_.push_back({key, code, mods});
    } else {
      ImGui_ImplGlfw_KeyCallback(window, key, code, action, mods);
    }
  }
  static std::string& last_error() {
    static std::string text;
    return text;
  }
  SurfaceOptions options_;
  GLFWwindow* window_ = nullptr;
  int width_ = 0, height_ = 0;
  float scale_ = 1;
  bool started_ = false, imgui_ = false, input_ = false, drawing_ = false, keep_ = false;
  Pixels last_;
  std::vector<int> pressed_;  // since the last frame
  std::vector<Key> held_back_;
};

}  // namespace

std::unique_ptr<Surface> open_window(const SurfaceOptions& options, std::string& error) {
  auto surface = std::make_unique<WindowSurface>(options);
  error = surface->open();
  if (!error.empty()) return nullptr;
  return surface;
}

}  // namespace tailrace::viewer
