// The icons that are used, one file each, drawn by the Lucide project (ISC licence).

import archive from "lucide-static/icons/archive.svg?raw";
import arrowLeft from "lucide-static/icons/arrow-left.svg?raw";
import bell from "lucide-static/icons/bell.svg?raw";
import calendarDays from "lucide-static/icons/calendar-days.svg?raw";
import check from "lucide-static/icons/check.svg?raw";
import chevronDown from "lucide-static/icons/chevron-down.svg?raw";
import chevronRight from "lucide-static/icons/chevron-right.svg?raw";
import circle from "lucide-static/icons/circle.svg?raw";
import circleAlert from "lucide-static/icons/circle-alert.svg?raw";
import circleCheck from "lucide-static/icons/circle-check.svg?raw";
import circleDashed from "lucide-static/icons/circle-dashed.svg?raw";
import circleDot from "lucide-static/icons/circle-dot.svg?raw";
import circleX from "lucide-static/icons/circle-x.svg?raw";
import clock from "lucide-static/icons/clock.svg?raw";
import copy from "lucide-static/icons/copy.svg?raw";
import download from "lucide-static/icons/download.svg?raw";
import externalLink from "lucide-static/icons/external-link.svg?raw";
import eye from "lucide-static/icons/eye.svg?raw";
import eyeOff from "lucide-static/icons/eye-off.svg?raw";
import fileText from "lucide-static/icons/file-text.svg?raw";
import folderOpen from "lucide-static/icons/folder-open.svg?raw";
import gitBranch from "lucide-static/icons/git-branch.svg?raw";
import house from "lucide-static/icons/house.svg?raw";
import info from "lucide-static/icons/info.svg?raw";
import keyRound from "lucide-static/icons/key-round.svg?raw";
import keySquare from "lucide-static/icons/key-square.svg?raw";
import link from "lucide-static/icons/link.svg?raw";
import list from "lucide-static/icons/list.svg?raw";
import lock from "lucide-static/icons/lock.svg?raw";
import pencil from "lucide-static/icons/pencil.svg?raw";
import plus from "lucide-static/icons/plus.svg?raw";
import refreshCw from "lucide-static/icons/refresh-cw.svg?raw";
import rotateCcw from "lucide-static/icons/rotate-ccw.svg?raw";
import scanSearch from "lucide-static/icons/scan-search.svg?raw";
import scrollText from "lucide-static/icons/scroll-text.svg?raw";
import search from "lucide-static/icons/search.svg?raw";
import settings from "lucide-static/icons/settings.svg?raw";
import shieldCheck from "lucide-static/icons/shield-check.svg?raw";
import square from "lucide-static/icons/square.svg?raw";
import trash2 from "lucide-static/icons/trash-2.svg?raw";
import triangleAlert from "lucide-static/icons/triangle-alert.svg?raw";
import upload from "lucide-static/icons/upload.svg?raw";
import webhook from "lucide-static/icons/webhook.svg?raw";
import x from "lucide-static/icons/x.svg?raw";

const ICONS = {
  archive,
  "arrow-left": arrowLeft,
  bell,
  "calendar-days": calendarDays,
  check,
  "chevron-down": chevronDown,
  "chevron-right": chevronRight,
  circle,
  "circle-alert": circleAlert,
  "circle-check": circleCheck,
  "circle-dashed": circleDashed,
  "circle-dot": circleDot,
  "circle-x": circleX,
  clock,
  copy,
  download,
  "external-link": externalLink,
  eye,
  "eye-off": eyeOff,
  "file-text": fileText,
  "folder-open": folderOpen,
  "git-branch": gitBranch,
  house,
  info,
  "key-round": keyRound,
  "key-square": keySquare,
  link,
  list,
  lock,
  pencil,
  plus,
  "refresh-cw": refreshCw,
  "rotate-ccw": rotateCcw,
  "scan-search": scanSearch,
  "scroll-text": scrollText,
  search,
  settings,
  "shield-check": shieldCheck,
  square,
  "trash-2": trash2,
  "triangle-alert": triangleAlert,
  upload,
  webhook,
  x,
};

export type IconName = keyof typeof ICONS;

/** The drawing of an icon: trusted markup from a file of the build, never text from outside. */
export function iconMarkup(name: IconName): string {
  return ICONS[name];
}
