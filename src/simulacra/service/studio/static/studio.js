// What the study page does beyond links, forms and htmx. Every page works without it.
"use strict";
