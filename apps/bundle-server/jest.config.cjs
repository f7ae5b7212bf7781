const preset = require('../../jest.preset.js');

// archiver and what it is made of are ES modules.
const ESM = 'archiver|is-stream|zip-stream|compress-commons|crc32-stream';

module.exports = {
  ...preset,
  displayName: 'bundle-server',
  transformIgnorePatterns: preset.transformIgnorePatterns.map((pattern) => pattern.replace('archiver', ESM)),
};
