# SPDX-License-Identifier: GPL-2.0-only
#
# How the backend is compiled: shared by its own build and that of its tests.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
add_compile_options(-Wall -Wextra -Werror)

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
pkg_check_modules(ALSA REQUIRED IMPORTED_TARGET alsa)
pkg_check_modules(XENSTORE REQUIRED IMPORTED_TARGET xenstore)
pkg_check_modules(XENEVTCHN REQUIRED IMPORTED_TARGET xenevtchn)
pkg_check_modules(XENGNTTAB REQUIRED IMPORTED_TARGET xengnttab)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)

set(sndback_directory ${CMAKE_CURRENT_LIST_DIR})

# What the tests, and the build that is hostile to frontends, link as well.
file(GLOB sndback_sources CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_LIST_DIR}/audio/*.cpp
  ${CMAKE_CURRENT_LIST_DIR}/protocol/*.cpp
  ${CMAKE_CURRENT_LIST_DIR}/server/*.cpp
  ${CMAKE_CURRENT_LIST_DIR}/xenlib/*.cpp)
# Only programs have a command line, and CLI11 takes longer to compile than all the rest.
set(sndback_command_line ${sndback_directory}/server/command_line.cpp)
list(REMOVE_ITEM sndback_sources ${sndback_command_line})

function(add_sndback_library name)
  add_library(${name} STATIC ${sndback_sources})
  target_include_directories(${name} PUBLIC ${sndback_directory})
  target_compile_options(${name} PUBLIC ${ARGN})
  target_link_options(${name} PUBLIC ${ARGN})
  target_link_libraries(${name} PUBLIC
    PkgConfig::ALSA PkgConfig::XENSTORE PkgConfig::XENEVTCHN PkgConfig::XENGNTTAB PkgConfig::SECCOMP
    fmt::fmt Threads::Threads)
endfunction()

# Linked by programs beside that library.
function(add_sndback_command_line name library)
  add_library(${name} OBJECT ${sndback_command_line})
  target_compile_definitions(${name} PRIVATE
    XEN_SNDBACK_VERSION="2.0" XEN_SNDBACK_CONFIGURATION="/etc/xen/xen-sndback.conf")
  target_link_libraries(${name} PUBLIC ${library} CLI11::CLI11)
endfunction()

