// A picture in memory: OpenGL 3.3 through EGL's surfaceless platform, into a framebuffer object. Needs
// neither a display nor a graphics card (Mesa draws on the processor then).
#define EGL_EGLEXT_PROTOTYPES
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <backends/imgui_impl_opengl3.h>
#include <fmt/format.h>
#include <imgui.h>

#include "viewer/surface/gl_functions.hpp"
#include "viewer/surface/surface.hpp"

namespace tailrace::viewer {

namespace {

class PictureSurface final : public Surface {
 public:
  explicit PictureSurface(const SurfaceOptions& options) : options_(options) {}

  ~PictureSurface() override {
    if (drawing_) ImGui_ImplOpenGL3_Shutdown();
    if (imgui_) ImGui::DestroyContext();
    if (framebuffer_ != 0) glDeleteFramebuffers(1, &framebuffer_);
    if (colour_ != 0) glDeleteTextures(1, &colour_);
    if (display_ != EGL_NO_DISPLAY) {
      eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
      if (context_ != EGL_NO_CONTEXT) eglDestroyContext(display_, context_);
      eglTerminate(display_);
    }
  }

  std::string open() {
    const auto get_display =
        reinterpret_cast<PFNEGLGETPLATFORMDISPLAYEXTPROC>(eglGetProcAddress("eglGetPlatformDisplayEXT"));
    if (get_display == nullptr) return "this EGL has no platforms (eglGetPlatformDisplayEXT)";
    display_ = get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr);
    if (display_ == EGL_NO_DISPLAY || eglInitialize(display_, nullptr, nullptr) == EGL_FALSE)
      return "EGL's surfaceless platform does not start; is libgl1-mesa-dri installed?";
    if (eglBindAPI(EGL_OPENGL_API) == EGL_FALSE) return "this EGL has no desktop OpenGL";
    const EGLint wanted[] = {EGL_CONTEXT_MAJOR_VERSION,
                             3,
                             EGL_CONTEXT_MINOR_VERSION,
                             3,
                             EGL_CONTEXT_OPENGL_PROFILE_MASK,
                             EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                             EGL_NONE};
    const EGLint attributes[] = {EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_SURFACE_TYPE, 0, EGL_NONE};
    EGLConfig config = nullptr;
    EGLint configs = 0;
    if (eglChooseConfig(display_, attributes, &config, 1, &configs) == EGL_FALSE || configs == 0)
      config = nullptr;
    context_ = eglCreateContext(display_, config, EGL_NO_CONTEXT, wanted);
    if (context_ == EGL_NO_CONTEXT)
      return fmt::format("no OpenGL 3.3 context (EGL error {:#x})", static_cast<unsigned>(eglGetError()));
    if (eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, context_) == EGL_FALSE)
      return fmt::format("the OpenGL context cannot be used (EGL error {:#x})",
                         static_cast<unsigned>(eglGetError()));

    glGenTextures(1, &colour_);
    glBindTexture(GL_TEXTURE_2D, colour_);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, options_.width, options_.height, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                 nullptr);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
    glGenFramebuffers(1, &framebuffer_);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, colour_, 0);
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
      return fmt::format("a framebuffer of {} x {} is not possible here", options_.width, options_.height);

    IMGUI_CHECKVERSION();
    ImGui::CreateContext();
    imgui_ = true;
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.DisplaySize = ImVec2(static_cast<float>(options_.width), static_cast<float>(options_.height));
    drawing_ = ImGui_ImplOpenGL3_Init("#version 330");
    return drawing_ ? "" : "the drawing backend does not start";
  }

  bool begin_frame(double) override {
    ImGui::GetIO().DeltaTime = 1.0f / 60;
    ImGui_ImplOpenGL3_NewFrame();
    ImGui::NewFrame();
    return true;
  }
  void end_frame() override {
    ImGui::Render();
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
    clear_framebuffer(options_.width, options_.height, background_);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  }
  Pixels read() override {
    glBindFramebuffer(GL_READ_FRAMEBUFFER, framebuffer_);
    return read_framebuffer(options_.width, options_.height);
  }
  float scale() const override { return options_.scale > 0 ? options_.scale : 1; }
  void fonts_changed() override {
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
  }

 private:
  SurfaceOptions options_;
  EGLDisplay display_ = EGL_NO_DISPLAY;
  EGLContext context_ = EGL_NO_CONTEXT;
  GLuint framebuffer_ = 0, colour_ = 0;
  bool imgui_ = false, drawing_ = false;
};

}  // namespace

std::unique_ptr<Surface> open_picture(const SurfaceOptions& options, std::string& error) {
  auto surface = std::make_unique<PictureSurface>(options);
  error = surface->open();
  if (!error.empty()) return nullptr;
  return surface;
}

}  // namespace tailrace::viewer
