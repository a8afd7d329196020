import { asset } from '../config/asset.js';

// Must be imported before sharp. Text in an SVG is drawn with fonts that fontconfig finds, and it looks at these
// variables once: with the app's own configuration a card is the same on a laptop and in a container without fonts.
process.env['FONTCONFIG_FILE'] = asset('fonts/fonts.conf');
process.env['PANGOCAIRO_BACKEND'] = 'fontconfig';
