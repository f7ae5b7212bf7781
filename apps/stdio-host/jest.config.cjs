module.exports = { ...require('../../jest.preset.js'), displayName: 'stdio-host' };
