# What `cmake --install` puts where, the CMake package that other projects find, and the Debian package (cpack -G DEB).
# Headers go below include/tailrace as they stand in the tree, so that #include "models/..." means the same everywhere.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS tailrace RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET tailrace_view)
  install(TARGETS tailrace_view RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} OPTIONAL)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/viewer/lessons DESTINATION ${CMAKE_INSTALL_DATADIR}/tailrace/viewer)
endif()

# The manual page and the completions say what this very program understands.
function(program_text command file)
  install(CODE "execute_process(COMMAND \"$<TARGET_FILE:tailrace>\" ${command}
                                OUTPUT_FILE \"${PROJECT_BINARY_DIR}/${file}\" COMMAND_ERROR_IS_FATAL ANY)")
endfunction()
program_text("manual" tailrace.1)
program_text("completion bash" tailrace.bash)
program_text("completion zsh" _tailrace)
program_text("completion fish" tailrace.fish)
install(FILES ${PROJECT_BINARY_DIR}/tailrace.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_BINARY_DIR}/tailrace.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME tailrace)
install(FILES ${PROJECT_BINARY_DIR}/_tailrace DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${PROJECT_BINARY_DIR}/tailrace.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/scenarios/library DESTINATION ${CMAKE_INSTALL_DATADIR}/tailrace
        FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The libraries, for programs of others.
set(libraries tailrace_options)
foreach(folder sim models analysis scenarios)
  get_property(found DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS found)
    get_target_property(type ${target} TYPE)
    if(type MATCHES "LIBRARY$")
      list(APPEND libraries ${target})
    endif()
  endforeach()
endforeach()
install(TARGETS ${libraries} EXPORT tailrace ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/tailrace)
foreach(folder sim models analysis scenarios)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tailrace
          FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(EXPORT tailrace NAMESPACE tailrace:: FILE tailraceTargets.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/tailrace)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/tailraceConfig.cmake.in
                              ${PROJECT_BINARY_DIR}/tailraceConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/tailrace)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/tailraceConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tailraceConfig.cmake ${PROJECT_BINARY_DIR}/tailraceConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/tailrace)

set(CPACK_PACKAGE_NAME tailrace)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "simulator of systems of services, request by request")
set(CPACK_PACKAGE_CONTACT "the tailrace project")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libfmt-dev, libyaml-cpp-dev, libeigen3-dev, libboost-dev")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
include(CPack)
