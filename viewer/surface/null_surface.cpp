#include <imgui.h>

#include "viewer/surface/surface.hpp"

namespace tailrace::viewer {

namespace {

class NullSurface final : public Surface {
 public:
  explicit NullSurface(const SurfaceOptions& options) : options_(options) {
    IMGUI_CHECKVERSION();
    ImGui::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    // Without it more than 65,535 vertices in one list end the program.
    io.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
    io.DisplaySize = ImVec2(static_cast<float>(options.width), static_cast<float>(options.height));
    fonts_changed();
  }
  ~NullSurface() override { ImGui::DestroyContext(); }

  bool begin_frame(double) override {
    ImGui::GetIO().DeltaTime = 1.0f / 60;
    ImGui::NewFrame();
    return true;
  }
  void end_frame() override { ImGui::Render(); }
  Pixels read() override { return {}; }
  float scale() const override { return options_.scale > 0 ? options_.scale : 1; }
  void fonts_changed() override {
    unsigned char* pixels = nullptr;
    int width = 0, height = 0;
    ImGui::GetIO().Fonts->GetTexDataAsRGBA32(&pixels, &width, &height);
    ImGui::GetIO().Fonts->SetTexID(reinterpret_cast<ImTextureID>(1));
  }

 private:
  SurfaceOptions options_;
};

}  // namespace

std::unique_ptr<Surface> open_null(const SurfaceOptions& options) {
  return std::make_unique<NullSurface>(options);
}

}  // namespace tailrace::viewer
